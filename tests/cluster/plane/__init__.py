"""Everything of Kubernetes but nodes and pods, and how tests talk to it."""
