"""The conversation with `sample_server.sh`: what to ask each second, what the answers come to.

No I/O here: `ask` gives bytes to write, `hear` takes bytes that were read.
"""

from __future__ import annotations

from dataclasses import replace

from farm.observations import ServerSample
from farm.server.frames import Frame, FrameReader
from farm.server.machine import Machine
from farm.server.proc import Look, look
from farm.server.proc_rates import sample, thread_samples
from farm.server.top import Top, TopReader, parse_top

DESCRIPTORS_EVERY_S = 5.0
THREADS_A_SECOND = 100
"""Reading a thread's file costs the server some 10 us: many threads are looked at less often."""


class Sampling:
    """One conversation, from the start of the script to its end.

    `cores` are those whose CPU is the server's; `None`: all of the machine.
    """

    def __init__(
        self, machine: Machine, interface: str | None, cores: tuple[int, ...] | None
    ) -> None:
        self._machine = machine
        self._interface = interface
        self._cores = cores
        self._frames = FrameReader()
        self._top = TopReader()
        self._top_texts: list[str] = []
        self._number = 0
        self._pid: int | None = None
        self._before: Look | None = None
        self._threads_before: Look | None = None
        self._threads_due_s = 0.0
        self._descriptors: int | None = None
        self._descriptors_due_s = 0.0

    def ask(self, pid: int | None, run_s: float) -> bytes:
        """The next line to write; `pid` is the media server's, where it is known."""
        if pid != self._pid:
            self._pid, self._descriptors, self._threads_before = pid, None, None
            self._threads_due_s = self._descriptors_due_s = run_s
        descriptors = pid is not None and run_s >= self._descriptors_due_s
        if descriptors:
            self._descriptors_due_s = run_s + DESCRIPTORS_EVERY_S
        threads = pid is not None and run_s >= self._threads_due_s
        self._number += 1
        words = (self._number, "-" if pid is None else pid, int(descriptors), int(threads))
        return " ".join(str(word) for word in words).encode() + b"\n"

    def hear_top(self, data: bytes) -> None:
        """Standard error: what `top` says."""
        self._top_texts += self._top.feed(data)

    def hear(self, data: bytes) -> Frame | None:
        """Standard output; the answer to the last question once it is whole."""
        for frame in self._frames.feed(data):
            if frame.number == self._number:
                return frame
        return None

    def sample(self, frame: Frame, received_s: float) -> ServerSample | None:
        """What happened since the last answer; `None` for the first one."""
        now = look(frame, self._pid, self._interface)
        before, self._before = self._before, now
        if now.descriptors is not None:
            self._descriptors = now.descriptors
        made = None
        if before is not None:
            made = sample(before, now, received_s, self._machine.ticks_per_s, self._cores)
            made = replace(
                made, process_descriptors=self._descriptors if made.process_pid else None
            )
        threads_before = self._threads_before
        if now.threads is not None:
            self._threads_before = now
            pause_s = max(1.0, len(now.threads) / THREADS_A_SECOND)
            self._threads_due_s = received_s + pause_s - 0.5  # the question that comes nearest
        if made is None:
            self._top_texts.clear()
            return None
        if threads_before is not None and now.threads is not None:
            threads = thread_samples(threads_before, now, self._machine.ticks_per_s)
            made = replace(made, threads=threads)
        return self._with_top(made)

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
