"""The registry for programs that train and serve: asynchronous, bounded in time, and never on the loop for long."""
