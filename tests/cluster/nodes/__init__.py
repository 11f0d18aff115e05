"""A real node: kubelet, containerd, network, volumes, and the images that it runs."""
