"""The passes over claims and over the models that they are about."""
