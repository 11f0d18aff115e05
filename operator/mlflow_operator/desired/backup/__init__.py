"""What makes copies of a server's data: a CronJob, and a volume where they are kept on one."""
