"""Fakes of all that a run acts on, for tests without browsers, servers and waiting.

A `FakeWorld` goes where a `World` is asked for; its `FakeClock` plays an hour in a moment. Each
fake implements a protocol of `farm.protocols`, remembers its calls, and fails on demand. They
behave like the real thing where a simpler fake would hide faults: the clock moves at every reading,
and a server and a host answer late.
"""

from farm.testing.clock import READING_S, WALL_S, FakeClock
from farm.testing.evidence import HOLD_S, good_evidence, host_second, unjoined
from farm.testing.host import FakeHost
from farm.testing.observer import FakeObserver
from farm.testing.plans import calls
from farm.testing.recorder import FakeRecorder
from farm.testing.recordings import FakeRecordings
from farm.testing.server import FakeServer
from farm.testing.store import FakeStore
from farm.testing.view import FakeView
from farm.testing.world import FakeWorld

__all__ = [
    "HOLD_S",
    "READING_S",
    "WALL_S",
    "FakeClock",
    "FakeHost",
    "FakeObserver",
    "FakeRecorder",
    "FakeRecordings",
    "FakeServer",
    "FakeStore",
    "FakeView",
    "FakeWorld",
    "calls",
    "good_evidence",
    "host_second",
    "unjoined",
]
