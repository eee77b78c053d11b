"""Parses `top -b -d 1` into CPU figures. procps 3.3 and 4.0, busybox.

The first iteration is an average since the machine (or the process) started: `TopReader` drops it.
A text that is not understood is refused with a reason; a row that was cut is left out.
Refused on purpose: thread mode (`top -H`), where the row whose PID is the process holds the CPU of
the whole process, not of its leading thread, so that rows can be neither distinguished nor summed.

Languages other than C's are read too: shares of CPU time are read by their order, as their names
are translated (`ut` and not `us` in French).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_BYTES = 1 << 22

# "top - 23:13:46 up  1:16," begins an iteration of procps, "Mem: 446500K used, ..." one of busybox.
_BEGINS = re.compile(rb"^(?=top - |Mem: +\d+K used)", re.MULTILINE)
_NUMBER = r"(\d+(?:[.,]\d+)?)"
# procps: "%Cpu(s): 73.8 us, 12.7 sy,"; one row a core after the key 1: "%Cpu0  : 73,8 us,"
_PROCPS_CPU = re.compile(r"^%C(?:pu|PU)(?:\(s\)|\d+) *:(.*)$", re.MULTILINE)
_PROCPS_SHARE = re.compile(_NUMBER + r" *([^\W\d_]+)")
_PROCPS_SHARES = ("us", "sy", "ni", "id", "wa", "hi", "si", "st")
# procps: "Tasks: 201 total,", or "Threads:"
_COUNTED = re.compile(r"^([^\W\d][^:%\n]*): *\d+ ", re.MULTILINE)
_OF_PROCESSES = ("Tasks", "Tâches", "Tareas", "Tarefas", "Zadania", "Uppgifter", "Sarcini")
# busybox: CPU: with 3% usr, 1% sys, 0% nic, 95% idle, 0% io, 0% irq and 0% sirq behind it
_BUSYBOX_CPU = re.compile(r"^CPU:(.*)$", re.MULTILINE)
_BUSYBOX_SHARE = re.compile(_NUMBER + r"% (usr|sys|nic|idle|io|irq|sirq)\b")
# busybox: "25719  1 root  S <  1834m  7%  0  41% kurento": the state may hold a blank
_BUSYBOX_ROW = re.compile(
    r"^ *(\d+) +\d+ +\S+ +\S.{3} *[\d.]+[mgt]? +" + _NUMBER + r"%(?: +\d+)? +" + _NUMBER + "% "
)
_BUSY = ("us", "sy", "ni", "hi", "si", "usr", "sys", "nic", "irq", "sirq")
_IDLE = ("id", "idle")
_PROCPS_ROUNDS, _BUSYBOX_ROUNDS = 1.0, 7.0
"""Largest difference from 100 % if each share is rounded (to a tenth), or truncated (to one)."""


@dataclass(frozen=True, slots=True)
class Top:
    """One iteration.

    `cpu_percent` is the whole machine, 0 to 100, time stolen by its hypervisor not counted.
    `process_percent` is by pid; `of_one_core` tells whether in percent of one core (procps, may
    pass 100) or of the whole machine (busybox).
    """

    cpu_percent: float
    process_percent: Mapping[int, float]
    of_one_core: bool

    def process_cpu_percent(self, pid: int, cores: int) -> float | None:
        """A process' CPU in percent of one core; `None` when it has no row."""
        percent = self.process_percent.get(pid)
        if percent is None:
            return None
        return percent if self.of_one_core else percent * cores


@dataclass(frozen=True, slots=True)
class TopRefused:
    """The reason why a text gives no figures."""

    reason: str


class TopReader:
    """Bytes cut anywhere in, whole iterations out; the first iteration is left out.

    An iteration is known to be whole when the next one begins: a second late.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._first_passed = False

    def feed(self, data: bytes) -> list[str]:
        *whole, self._rest = _BEGINS.split(self._rest + data)
        if len(self._rest) > LONGEST_BYTES:
            self._rest = b""
        # Text before the first iteration is an error of the shell, or a cut iteration.
        texts = [text.decode(errors="replace") for text in whole if _BEGINS.match(text)]
        if texts and not self._first_passed:
            self._first_passed = True
            return texts[1:]
        return texts


def parse_top(text: str) -> Top | TopRefused:
    """Read one iteration; decimal points may be commas."""
    by_procps = _PROCPS_CPU.findall(text)
    if by_procps:
        counted = _COUNTED.search(text.partition("%C")[0])
        if counted is not None and counted[1].strip() not in _OF_PROCESSES:
            return TopRefused(
                f"top counts {counted[1].strip()!r}: in thread mode (-H) its rows are not processes"
            )
        rows, rounds = by_procps, _PROCPS_ROUNDS
        shares, processes = [_procps_shares(row) for row in rows], _procps_rows(text)
    elif rows := _BUSYBOX_CPU.findall(text):
        rounds = _BUSYBOX_ROUNDS
        shares, processes = [_busybox_shares(row) for row in rows], _busybox_rows(text)
    else:
        return TopRefused("no line of CPU shares")
    for row, share in zip(rows, shares, strict=True):
        if not any(name in share for name in _IDLE) or abs(sum(share.values()) - 100) > rounds:
            return TopRefused(f"CPU shares not understood: {row.strip()!r}")
    if processes is None:
        return TopRefused("no table of processes with PID and %CPU")
    busy = [sum(value for name, value in share.items() if name in _BUSY) for share in shares]
    return Top(min(100.0, sum(busy) / len(busy)), processes, bool(by_procps))


def _procps_shares(row: str) -> dict[str, float]:
    """Shares by their order, checked by names that are not translated; empty if these differ."""
    shares = {}
    for place, (value, name) in enumerate(_PROCPS_SHARE.findall(row)):
        expected = _PROCPS_SHARES[place] if place < len(_PROCPS_SHARES) else None
        if expected is None or (name in _PROCPS_SHARES and name != expected):
            return {}
        shares[expected] = _number(value)
    return shares


def _busybox_shares(row: str) -> dict[str, float]:
    return {name: _number(value) for value, name in _BUSYBOX_SHARE.findall(row)}


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _procps_rows(text: str) -> dict[int, float] | None:
    rows: dict[int, float] = {}
    pid_at = cpu_at = None
    columns = 0
    for line in text.split("\n"):
        words = line.split()
        if pid_at is None and "PID" in words and "%CPU" in words:
            pid_at, cpu_at, columns = words.index("PID"), words.index("%CPU"), len(words)
        elif pid_at is not None and cpu_at is not None and len(words) >= columns:
            pid, percent = words[pid_at], words[cpu_at]
            if pid.isdecimal() and re.fullmatch(_NUMBER, percent):
                rows[int(pid)] = _number(percent)
    return None if pid_at is None else rows


def _busybox_rows(text: str) -> dict[int, float] | None:
    head, table, rows = text.partition("COMMAND")
    if not table or "%CPU" not in head:
        return None
    matches = (_BUSYBOX_ROW.match(line) for line in rows.split("\n"))
    return {int(row[1]): _number(row[3]) for row in matches if row}
