"""What is found out about versions beside what the registry lists: a file per source that has to be asked."""
