"""Chooses the network interface of the server that carries the media."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from farm.errors import BadInput
from farm.linux.frames import proc_files
from farm.linux.network import Interface
from farm.linux.parsing import or_none
from farm.server.machine import MachineFacts, interface_names

_NAMES = ("dev", "route", "fib_trie", "if_inet6")


@dataclass(frozen=True, slots=True)
class NetworkNamespace:
    """The network namespace of a process: the texts of its files in `/proc/PID/net`."""

    pid: int
    files: Mapping[str, str]


def namespace_command(pid: int) -> str:
    """The command whose output `read_namespace` reads."""
    return f"grep -asH '' {' '.join(f'/proc/{pid}/net/{name}' for name in _NAMES)}"


def read_namespace(pid: int, output: str) -> NetworkNamespace:
    """Read the output of `namespace_command`."""
    files = proc_files(output.split("\n"))
    return NetworkNamespace(
        pid, {name: files.get(f"/proc/{pid}/net/{name}", "") for name in _NAMES}
    )


def choose_interface(
    setting: str,
    machine: MachineFacts,
    media_addresses: frozenset[str],
    here: bool,
    inside: NetworkNamespace | None = None,
) -> Interface | None:
    """The interface that carries the media.

    `auto`: loopback when the media server is reached by loopback on this very machine (`here`),
    else the interface that has one of `media_addresses`, on the machine or in the network namespace
    of the process, else the one of the default route. Raises BadInput for a name that neither has.
    """
    names = interface_names(inside.files["dev"]) if inside else ()
    if setting != "auto":
        if inside and setting not in machine.interfaces and setting in names:
            return Interface(setting, inside.pid)
        if machine.interfaces and setting not in machine.interfaces:
            raise BadInput(
                f"server.interface: {machine.hostname} has no {setting!r}; it has"
                f" {', '.join(machine.interfaces)}"
            )
        return Interface(setting)
    if here and any(ipaddress.ip_address(address).is_loopback for address in media_addresses):
        return Interface("lo")
    for name, addresses in machine.addresses.items():
        if addresses & media_addresses and name != "lo":
            return Interface(name)
    if inside is not None:
        for address in sorted(media_addresses):
            name = _of_address(address, inside.files)
            if name in names and name != "lo":
                return Interface(name, inside.pid)
    return Interface(machine.default_interface) if machine.default_interface else None


def _of_address(address: str, files: Mapping[str, str]) -> str:
    """Name of the interface with this address, empty if none has it; loopback does not count."""
    wanted = ipaddress.ip_address(address)
    if wanted.version == 6:
        owners = re.findall(r"^([0-9a-f]{32}) \S+ \S+ \S+ \S+ +(\S+)", files["if_inet6"], re.M)
        return next((name for six, name in owners if int(six, 16) == int(wanted)), "")
    if not re.search(rf"-- {re.escape(address)}\n\s+/32 host LOCAL", files["fib_trie"]):
        return ""
    fitting = [(network.prefixlen, name) for network, name in _networks(files) if wanted in network]
    return max(fitting, default=(0, ""))[1]


def _networks(files: Mapping[str, str]) -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """Networks and their interfaces; /proc/net/route has addresses in the byte order of memory."""
    for line in files["route"].split("\n")[1:]:
        network = or_none(_network, line)
        if network is not None:
            yield network, line.split()[0]


def _network(line: str) -> ipaddress.IPv4Network:
    words = line.split()
    return ipaddress.IPv4Network(f"{_dotted(words[1])}/{_dotted(words[7])}")


def _dotted(hexadecimal: str) -> str:
    return socket.inet_ntoa(struct.pack("=L", int(hexadecimal, 16)))
