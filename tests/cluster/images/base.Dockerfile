# Debian as debootstrap made it, for machines that reach no registry.
FROM scratch
ADD rootfs.tar /
CMD ["bash"]
