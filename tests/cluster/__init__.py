"""A real Kubernetes for the tests: a control plane as processes, or a whole node.

`python -m cluster up` gives a developer the node that the end-to-end tests use; `cluster.fixtures` gives pytest both.
"""
