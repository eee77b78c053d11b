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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from farm.errors import BadInput

OWN_INTERFACE = "farm-janus"
OWN_ADDRESS = "192.0.2.1"  # RFC 5737: of no machine

_TUN = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


@contextmanager
def media_interface(wanted: str | None = None) -> Iterator[str]:
    """The name of the interface that has the address `wanted`, else of the first that can be used.

    While there is none but loopback, one is made. Raises BadInput where only root could.
    """
    interfaces = usable_interfaces()
    if interfaces:
        found = next((name for name, address in interfaces if address == wanted), None)
        yield found or interfaces[0][0]
        return
    with _own_interface():
        yield OWN_INTERFACE


def usable_interfaces() -> Sequence[tuple[str, str]]:
    """Interfaces that are up and not loopback, each with its first IPv4 address."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return [
        (name, each.address)
        for name, addresses in psutil.net_if_addrs().items()
        for each in [a for a in addresses if a.family.name == "AF_INET"][:1]
        if name in up and not ipaddress.ip_address(each.address).is_loopback
    ]


@contextmanager
def _own_interface() -> Iterator[None]:
    try:
        device = os.open(_TUN, os.O_RDWR)
    except OSError as error:
        raise BadInput(_why(f"{_TUN}: {error.strerror}")) from error
    try:
        request = struct.pack("16sH22x", OWN_INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(device, _TUNSETIFF, request)
        for words in (
            ("address", "add", f"{OWN_ADDRESS}/32", "dev", OWN_INTERFACE),
            ("link", "set", OWN_INTERFACE, "up"),
        ):
            subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
        yield
    except (OSError, subprocess.CalledProcessError) as error:
        why = error.strerror if isinstance(error, OSError) else error.stderr.strip()
        raise BadInput(_why(str(why))) from error
    finally:
        os.close(device)


def _why(error: str) -> str:
    return (
        "Janus offers no address of loopback for media, this machine has no other, and one cannot"
        f" be added here ({error}): connect it to a network, or run this as root"
    )
