"""A story on a real cluster: install, serve, train, promote, load. `make demo` tells it, the e2e tests check it."""
