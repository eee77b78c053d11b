"""Facts about the server's machine, read once: name, cores, memory, interfaces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.linux.frames import proc_files
from farm.linux.parsing import or_none

TICKS_PER_S = 100
"""Ticks a second on every Linux of the last 20 years."""

COMMAND = """\
PATH=$PATH:/usr/sbin:/sbin
echo "@farm hostname $(uname -n)"; echo "@farm kernel $(uname -sr)"
echo "@farm architecture $(uname -m)"
echo "@farm ticks $(getconf CLK_TCK 2>/dev/null)"
grep -asH '' /proc/stat /proc/meminfo /proc/net/dev /proc/net/route /proc/net/ipv6_route
grep -asH 'model name' /proc/cpuinfo
ip -o addr 2>/dev/null | while read -r line; do echo "@farm address $line"; done
for way in /sys/class/net/*; do
  grep -asH '' "$way/speed" 2>/dev/null
  name=${way##*/}
  ethtool -S "$name" 2>/dev/null | grep -q _allowance_exceeded && echo "@farm limited $name"
done
grep -asH '' /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name
if grep -qsi amazon /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/bios_version; then
  url=http://169.254.169.254/latest
  if command -v curl >/dev/null; then
    token=$(curl -sf -m 2 --noproxy '*' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
      $url/api/token)
    type=$(curl -sf -m 2 --noproxy '*' -H "X-aws-ec2-metadata-token: $token" \
      $url/meta-data/instance-type)
  elif command -v wget >/dev/null; then
    type=$(http_proxy='' wget -q -O - -T 2 $url/meta-data/instance-type 2>/dev/null)
  fi
  echo "@farm type $type"
fi
"""

_RTF_UP = 0x1
_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The machine; `addresses` is by interface, empty if the machine has no `ip` command.

    `interface_bps` is the speed of an interface that its driver reports, `limited` are interfaces
    of a cloud that counts what it throttles. `instance_type` is Amazon EC2's name of the machine
    type, from its metadata, or from the firmware of newer machines.
    """

    hostname: str
    kernel: str
    cores: int
    cpu_model: str | None
    memory_bytes: int | None
    ticks_per_s: int
    interfaces: tuple[str, ...]
    addresses: Mapping[str, frozenset[str]]
    default_interface: str | None
    interface_bps: Mapping[str, float] = field(default_factory=dict)
    limited: frozenset[str] = frozenset()
    architecture: str | None = None
    instance_type: str | None = None


def read_machine(output: str) -> MachineFacts:
    """Read the output of `COMMAND`."""
    files = proc_files(output.split("\n"))
    ticks = _word(output, "ticks")
    model = re.search(r"model name\s*: (.+)", files.get("/proc/cpuinfo", ""))
    memory = re.search(r"MemTotal:\s+(\d+)", files.get("/proc/meminfo", ""))
    addresses: dict[str, set[str]] = {}
    for interface, address in re.findall(
        r"^@farm address \d+: (\S+?)(?:@\S+)? +inet6? (\S+?)[/ ]", output, re.MULTILINE
    ):
        addresses.setdefault(interface, set()).add(address)
    return MachineFacts(
        hostname=_word(output, "hostname") or "unknown",
        kernel=_word(output, "kernel") or "unknown",
        cores=len(re.findall(r"^cpu\d", files.get("/proc/stat", ""), re.MULTILINE)),
        cpu_model=model[1].strip() if model else None,
        memory_bytes=int(memory[1]) * 1024 if memory else None,
        ticks_per_s=int(ticks) if ticks and ticks.isdecimal() else TICKS_PER_S,
        interfaces=interface_names(files.get("/proc/net/dev", "")),
        addresses={name: frozenset(values) for name, values in addresses.items()},
        default_interface=_default_interface(files),
        interface_bps={
            path.split("/")[4]: mbps * 1e6
            for path, text in files.items()
            if path.startswith("/sys/class/net/") and (mbps := or_none(int, text) or 0) > 0
        },
        limited=frozenset(re.findall(r"^@farm limited (\S+)$", output, re.MULTILINE)),
        architecture=_word(output, "architecture"),
        instance_type=_instance_type(output, files),
    )


def _instance_type(output: str, files: Mapping[str, str]) -> str | None:
    vendor = files.get("/sys/class/dmi/id/sys_vendor", "")
    product = files.get("/sys/class/dmi/id/product_name", "").strip()
    instance_type = _word(output, "type") or (product if vendor.strip() == "Amazon EC2" else "")
    return instance_type if _INSTANCE_TYPE.fullmatch(instance_type) else None


def interface_names(dev: str) -> tuple[str, ...]:
    """Names of the interfaces in `/proc/net/dev`."""
    return tuple(re.findall(r"^\s*(\S+?):", dev, re.MULTILINE))


def _word(output: str, name: str) -> str | None:
    match = re.search(rf"^@farm {name} (.+)$", output, re.MULTILINE)
    return match[1].strip() if match else None


def _default_interface(files: Mapping[str, str]) -> str | None:
    """The interface of the default route with the lowest metric; see proc(5), /proc/net/route."""
    for name, read in (("route", _default_way), ("ipv6_route", _default_way_6)):
        lines = files.get(f"/proc/net/{name}", "").split("\n")
        ways = [way for line in lines if (way := or_none(read, line)) is not None]
        if ways:
            return min(ways)[1]
    return None


def _default_way(line: str) -> tuple[int, str] | None:
    words = line.split()
    if words[1] == words[7] == "00000000" and int(words[3], 16) & _RTF_UP:
        return int(words[6]), words[0]
    return None


def _default_way_6(line: str) -> tuple[int, str] | None:
    words = line.split()
    if len(words) == 10 and words[1] == "00" and words[9] != "lo":
        return int(words[5], 16), words[9]
    return None
