"""Addresses that no URL of a user's leads to: those where clouds hand their machines' credentials out."""

import socket
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

_REFUSED = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("fd00:ec2::254/128"))
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv6 addresses by which NAT64 reaches those of IPv4 (RFC 6052)."""
NOT_PUBLIC = "it leads to a private, loopback, link-local or metadata address"
"""Without the address: where a name has several, aiohttp tells only errors apart whose texts differ."""

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]

SocketFactory = Callable[[AddressInfo], socket.socket]


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


def is_public(address: str) -> bool:
    """Whether an address is of the internet: not private, loopback, link-local, shared or reserved.

    Of one that has another one in it, such as that of a translator, both have to be. What is no address is not.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in _within(found))


def _within(found: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    yield found
    if isinstance(found, IPv6Address):
        translated = IPv4Address(int(found) & 0xFFFFFFFF) if found in _TRANSLATED else None
        yield from (each for each in (found.ipv4_mapped, found.sixtofour, translated) if each is not None)
        yield from found.teredo or ()


def public_sockets(info: AddressInfo) -> socket.socket:
    """As ``sockets``, for what no setting names: only public addresses are connected to.

    Raises:
        AddressNotAllowed: The address is another one.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise AddressNotAllowed(NOT_PUBLIC)
    return socket.socket(family, kind, protocol)


def sockets(named: Sequence[str] = ()) -> SocketFactory:
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
