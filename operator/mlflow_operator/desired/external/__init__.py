"""What is written of servers that exist elsewhere: their URLs, the logins for them, the authorities to trust."""
