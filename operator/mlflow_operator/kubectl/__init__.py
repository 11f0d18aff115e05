"""``kubectl mlflow``: what a person asks of servers and promotions, with the rights that the person has."""
