"""Addresses that no URL of a user's leads to: those where clouds hand their machines' credentials out."""

import socket
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

_REFUSED = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("fd00:ec2::254/128"))

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class AddressNotAllowed(OSError):
    """A connection that is not opened. An OSError, since it is raised where sockets are made."""


def is_refused(address: str, named: Sequence[str] = ()) -> bool:
    """Whether the address is link-local or of a metadata service; ``named``: globs of those allowed all the same.

    A glob that begins with a wildcard names none of them. What is no address is none of these.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    refused = any(found in network for network in _REFUSED if network.version == found.version)
    return refused and not any(fnmatchcase(str(found), glob) for glob in named if glob[:1] not in "*?[")


def sockets(named: Sequence[str] = ()) -> Callable[[AddressInfo], socket.socket]:
    """What makes the sockets of a connector: asked with each address that a name has led to.

    Raises:
        AddressNotAllowed: The address is refused.
    """

    def open_one(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if is_refused(str(address[0]), named):
            raise AddressNotAllowed(f"it leads to {address[0]}, a link-local or metadata address")
        return socket.socket(family, kind, protocol)

    return open_one
