"""The way to a server: by its URL, or by a port of one's own that kubectl forwards."""
