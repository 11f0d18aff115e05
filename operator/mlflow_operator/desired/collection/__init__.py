"""What becomes of runs that users have deleted: a CronJob, and the program that it runs."""
