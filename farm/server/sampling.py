"""The protocol of `sample_server.sh`: the request of each second, and samples from its answers.

No I/O here: `ask` gives bytes to write, `feed` takes bytes that were read.
"""

from __future__ import annotations

from dataclasses import replace

from farm.linux.control_groups import Groups
from farm.linux.frames import Frame, FrameReader
from farm.linux.network import Interface
from farm.linux.proc import ProcCounters, fast_files, read_counters, thread_files
from farm.linux.proc_rates import sample, thread_rates
from farm.linux.slow_rates import with_slow_rates
from farm.linux.slow_samples import SlowCounters, read_slow_counters, slow_files
from farm.linux.top import Top, TopReader, parse_top
from farm.model.server_samples import ServerSample
from farm.server.machine import MachineFacts

SLOW_EVERY_S = 5.0
THREADS_A_SECOND = 100
"""Reading a thread's file costs the server some 10 us: many threads are read less often."""


class Sampling:
    """One conversation, from the start of the script to its end.

    `cores` are those whose CPU is the server's; `None`: all of the machine.
    """

    def __init__(
        self, machine: MachineFacts, interface: Interface | None, cores: tuple[int, ...] | None
    ) -> None:
        self._machine = machine
        self._interface = interface
        self._cores = cores
        self._frames = FrameReader()
        self._top = TopReader()
        self._top_texts: list[str] = []
        self._number = 0
        self._pid: int | None = None
        self._groups = Groups()
        self._asked_s = 0.0
        self._before: ProcCounters | None = None
        self._threads_before: ProcCounters | None = None
        self._threads_due_s = 0.0
        self._slow_before: SlowCounters | None = None
        self._slow_due_s = 0.0
        self._slow_asked = False

    @property
    def arguments(self) -> tuple[str, str, str]:
        """Arguments of the script."""
        interface = self._interface
        if interface is None:
            return ("-", "0", "0")
        inside = interface.inside is not None
        limited = interface.name in self._machine.limited and not inside
        return (interface.name, str(int(inside)), str(int(limited)))

    def ask(self, pid: int | None, groups: Groups, run_s: float) -> bytes:
        """The next request line; `pid` is the media server's, if it is known."""
        if pid != self._pid:
            self._follow(pid)
            self._threads_before = None
            self._threads_due_s = self._slow_due_s = run_s
        self._pid, self._groups, self._asked_s = pid, groups, run_s
        files = fast_files(pid, self._interface, groups)
        self._slow_asked = run_s >= self._slow_due_s
        if self._slow_asked:
            self._slow_due_s = run_s + SLOW_EVERY_S
            files += slow_files(pid, groups)
        if pid is not None and run_s >= self._threads_due_s:
            files += thread_files(pid)
        self._number += 1
        words = (self._number, "-" if pid is None else pid, int(self._slow_asked), *files)
        return " ".join(str(word) for word in words).encode() + b"\n"

    def _follow(self, pid: int | None) -> None:
        """Use the new process' network namespace, if the old process had one of its own."""
        if pid is None or self._interface is None or self._interface.inside in (None, pid):
            return
        self._interface = replace(self._interface, inside=pid)
        if self._before is not None:
            self._before = replace(self._before, traffic=None)

    def feed_top(self, data: bytes) -> None:
        """Take standard error: the output of `top`."""
        self._top_texts += self._top.feed(data)

    def feed(self, data: bytes) -> Frame | None:
        """Take standard output; return the answer to the last request once it is complete."""
        for frame in self._frames.feed(data):
            if frame.number == self._number:
                return frame
        return None

    def sample(self, frame: Frame, received_s: float) -> ServerSample | None:
        """Rates since the last answer; `None` for the first one."""
        now = read_counters(frame, self._pid, self._interface, self._groups)
        before, self._before = self._before, now
        made = None
        if before is not None:
            made = sample(before, now, received_s, self._machine.ticks_per_s, self._cores)
            made = replace(made, asked_s=self._asked_s)
        made = self._with_slow_rates(made, frame)
        made = self._with_threads(made, now, received_s)
        if made is None:
            self._top_texts.clear()
            return None
        return self._with_top(made)

    def _with_slow_rates(self, made: ServerSample | None, frame: Frame) -> ServerSample | None:
        """Add the slow counters; descriptors are those read last of the same process."""
        before = self._slow_before
        if self._slow_asked:
            self._slow_before = read_slow_counters(frame, self._pid, self._groups)
            if made is not None:
                made = with_slow_rates(made, before, self._slow_before)
        last = self._slow_before
        if made is None or last is None or made.process_pid != last.pid:
            return made
        return replace(
            made,
            process_descriptors=last.descriptors,
            process_descriptors_limit=last.descriptors_limit,
        )

    def _with_threads(
        self, made: ServerSample | None, now: ProcCounters, received_s: float
    ) -> ServerSample | None:
        before = self._threads_before
        if now.threads is None:
            return made
        self._threads_before = now
        pause_s = max(1.0, len(now.threads) / THREADS_A_SECOND)
        self._threads_due_s = received_s + pause_s - 0.5  # the nearest request
        if made is None or before is None:
            return made
        seen = thread_rates(before, now, self._machine.ticks_per_s)
        if seen is None:
            return made
        return replace(
            made,
            threads=seen.threads,
            process_blocked_threads=seen.blocked,
            process_context_switches_per_s=seen.switches_per_s,
            process_cpu_wait_percent=seen.cpu_wait_percent,
        )

    def _with_top(self, made: ServerSample) -> ServerSample:
        texts, self._top_texts = self._top_texts, []
        if not texts:
            return made
        top = parse_top(texts[-1])
        made = replace(made, top_text="".join(texts))
        if not isinstance(top, Top):
            return made
        process = (
            top.process_cpu_percent(self._pid, self._machine.cores)
            if self._pid is not None
            else None
        )
        return replace(made, top_cpu_percent=top.cpu_percent, top_process_cpu_percent=process)
