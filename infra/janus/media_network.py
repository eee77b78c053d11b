"""The interface that carries the media of a Janus on this machine: it offers none of loopback.

What pages and Janus of one machine send to one of its own addresses stays on it, as with loopback.
A machine that has no other interface (a network namespace, a notebook without a network) is given
one, a TUN device: it is the process' that holds it, and gone with that, however it ends.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET

import psutil

from farm.errors import BadInput

OWN_INTERFACE = "farm-janus"
OWN_ADDRESS = "192.0.2.1"  # RFC 5737: of no machine

_TUN = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


@contextmanager
def media_interface(wanted: str | None = None) -> Iterator[str]:
    """The name of the interface that has the address `wanted`, else of the first that can be used.

    While there is none but loopback, one is made. Raises BadInput for a `wanted` one that is not
    there, and where only root could make one.
    """
    interfaces = usable_interfaces()
    if wanted is not None or interfaces:
        yield interface_of(wanted, interfaces)
        return
    with _own_interface():
        yield OWN_INTERFACE


def interface_of(wanted: str | None, interfaces: Sequence[tuple[str, str]]) -> str:
    """The first of the `interfaces`, or that with the address `wanted`. Raises BadInput."""
    found = [name for name, address in interfaces if wanted in (None, address)]
    if not found:
        has = ", ".join(f"{address} ({name})" for name, address in interfaces) or "none"
        raise BadInput(
            f"--address: {wanted}: expected an IPv4 address of this machine that is not of"
            f" loopback: it has {has}"
        )
    return found[0]


def usable_interfaces() -> Sequence[tuple[str, str]]:
    """Interfaces that are up and not loopback, once for each of their IPv4 addresses."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return without_loopback(
        {
            name: [each.address for each in addresses if each.family == AF_INET]
            for name, addresses in psutil.net_if_addrs().items()
            if name in up
        }
    )


def without_loopback(addresses: Mapping[str, Sequence[str]]) -> Sequence[tuple[str, str]]:
    """Names and addresses; none of an interface that has one of loopback, as in Janus."""
    return [
        (name, address)
        for name, of_name in addresses.items()
        if not any(ipaddress.ip_address(each).is_loopback for each in of_name)
        for address in of_name
    ]


@contextmanager
def _own_interface() -> Iterator[None]:
    try:
        device = os.open(_TUN, os.O_RDWR)
    except OSError as error:
        raise BadInput(_why(f"{_TUN}: {error.strerror}")) from error
    try:
        _bring_up(device)
        yield
    finally:
        os.close(device)


def _bring_up(device: int) -> None:
    """Give the TUN device its name and address. Raises BadInput."""
    try:
        request = struct.pack("16sH22x", OWN_INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(device, _TUNSETIFF, request)
        for words in (
            ("address", "add", f"{OWN_ADDRESS}/32", "dev", OWN_INTERFACE),
            ("link", "set", OWN_INTERFACE, "up"),
        ):
            subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = error.strerror if isinstance(error, OSError) else error.stderr.strip()
        raise BadInput(_why(str(why))) from error


def _why(error: str) -> str:
    return (
        "Janus offers no address of loopback for media, this machine has no other, and one cannot"
        f" be added here ({error}): connect it to a network, or run this as root"
    )
