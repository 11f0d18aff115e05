"""The pods that validate versions for the gates of claims."""
