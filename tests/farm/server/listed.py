"""Processes of a server's machine as the search for one lists them, for tests."""

from __future__ import annotations


def process(
    pid: int,
    name: str,
    command: str,
    ticks: int = 1,
    state: str = "S",
    *,
    parent: int = 1,
    group: int | None = None,
) -> str:
    """A process as the search's `grep -H` shows it, started at tick `pid`, in its own group."""
    arguments = command.replace(" ", "\0") + "\0"
    ids = f"{parent} {pid if group is None else group} 1"
    return (
        f"/proc/{pid}/stat:{pid} ({name}) {state} {ids} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 9 0 {pid}"
        f"\n/proc/{pid}/cmdline:{arguments}\n"
    )


KURENTO = process(25, "kurento-media-s", "/usr/bin/kurento-media-server -f /etc/kurento.conf", 900)
SYSTEM = process(1, "systemd", "/sbin/init") + process(2, "kthreadd", "")
