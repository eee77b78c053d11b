"""What the server's machine is: facts read once, and which interface carries the media."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from farm.errors import BadInput
from farm.server.frames import proc_files

TICKS_PER_S = 100
"""What every Linux of the last 20 years says."""

COMMAND = """\
echo "@farm hostname $(uname -n)"; echo "@farm kernel $(uname -sr)"
echo "@farm ticks $(getconf CLK_TCK 2>/dev/null)"
grep -asH '' /proc/stat /proc/meminfo /proc/net/dev /proc/net/route /proc/net/ipv6_route
grep -asH 'model name' /proc/cpuinfo
ip -o addr 2>/dev/null | while read -r line; do echo "@farm address $line"; done
"""

_RTF_UP = 0x1


@dataclass(frozen=True, slots=True)
class Machine:
    """`addresses` is by interface; empty where the machine has no `ip` command."""

    hostname: str
    kernel: str
    cores: int
    cpu_model: str | None
    memory_bytes: int | None
    ticks_per_s: int
    interfaces: tuple[str, ...]
    addresses: Mapping[str, frozenset[str]]
    default_interface: str | None


def read_machine(said: str) -> Machine:
    """Read the output of `COMMAND`."""
    files = proc_files(said.split("\n"))
    ticks = _word(said, "ticks")
    model = re.search(r"model name\s*: (.+)", files.get("/proc/cpuinfo", ""))
    memory = re.search(r"MemTotal:\s+(\d+)", files.get("/proc/meminfo", ""))
    addresses: dict[str, set[str]] = {}
    for interface, address in re.findall(
        r"^@farm address \d+: (\S+?)(?:@\S+)? +inet6? (\S+?)[/ ]", said, re.MULTILINE
    ):
        addresses.setdefault(interface, set()).add(address)
    return Machine(
        hostname=_word(said, "hostname") or "unknown",
        kernel=_word(said, "kernel") or "unknown",
        cores=len(re.findall(r"^cpu\d", files.get("/proc/stat", ""), re.MULTILINE)),
        cpu_model=model[1].strip() if model else None,
        memory_bytes=int(memory[1]) * 1024 if memory else None,
        ticks_per_s=int(ticks) if ticks and ticks.isdecimal() else TICKS_PER_S,
        interfaces=tuple(re.findall(r"^\s*(\S+?):", files.get("/proc/net/dev", ""), re.MULTILINE)),
        addresses={name: frozenset(found) for name, found in addresses.items()},
        default_interface=_default_interface(files),
    )


def choose_interface(
    setting: str, machine: Machine, media_addresses: frozenset[str], here: bool
) -> str | None:
    """The interface whose traffic is the media's.

    `auto`: loopback when the media server is reached by loopback on this very machine (`here`),
    else the interface that has one of `media_addresses`, else the one of the default route. Raises
    BadInput for a name that the machine does not have.
    """
    if setting != "auto":
        if machine.interfaces and setting not in machine.interfaces:
            raise BadInput(
                f"server.interface: {machine.hostname} has no {setting!r}; it has"
                f" {', '.join(machine.interfaces)}"
            )
        return setting
    if here and any(ipaddress.ip_address(address).is_loopback for address in media_addresses):
        return "lo"
    for name, addresses in machine.addresses.items():
        if addresses & media_addresses and name != "lo":
            return name
    return machine.default_interface


def _word(said: str, name: str) -> str | None:
    found = re.search(rf"^@farm {name} (.+)$", said, re.MULTILINE)
    return found[1].strip() if found else None


def _default_interface(files: Mapping[str, str]) -> str | None:
    """The way to everywhere, by the lowest metric; see proc(5), /proc/net/route."""
    ways: list[tuple[int, str]] = []
    for line in files.get("/proc/net/route", "").split("\n")[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == words[7] == "00000000" and int(words[3], 16) & _RTF_UP:
            ways.append((int(words[6]), words[0]))
    if not ways:
        for line in files.get("/proc/net/ipv6_route", "").split("\n"):
            words = line.split()
            if len(words) == 10 and words[1] == "00" and words[9] != "lo":
                ways.append((int(words[5], 16), words[9]))
    return min(ways)[1] if ways else None
