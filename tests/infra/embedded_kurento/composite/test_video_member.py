"""A member's frames on their way to the thread that mixes them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.embedded_kurento.composite.video_mixer import BACKLOG_FRAMES, VideoMember, VideoMixer
from infra.embedded_kurento.vp8 import Vp8Frame


def member() -> VideoMember:
    return VideoMember(lambda data, at_s: None, lambda: None)


def frame(number: int) -> Vp8Frame:
    return Vp8Frame(b"no picture", stream=1, timestamp=3000 * number, arrived_s=float(number))


def test_frames_come_in_their_order_and_none_when_none_waits() -> None:
    one = member()
    assert one.next() is None
    assert one.take(frame(0))
    assert one.take(frame(1))
    assert [each.timestamp for each in iter(one.next, None)] == [0, 3000]


def test_too_many_are_dropped_all_at_once() -> None:
    one = member()
    taken = [one.take(frame(number)) for number in range(BACKLOG_FRAMES + 1)]
    assert taken == [True] * BACKLOG_FRAMES + [False]
    assert one.next() is None


class Overtaken(deque[Vp8Frame]):
    """The event loop's thread drops all, just after the mixing thread saw that some wait."""

    def popleft(self) -> Vp8Frame:
        self.clear()
        return super().popleft()


class AfterTwo(threading.Event):
    """Is set after two rounds, without anybody's waiting."""

    rounds = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.rounds += 1
        return self.rounds > 2


@dataclass
class FakeWorker:
    """Stands for a mixer's `Worker`, on the test's own thread."""

    stopping: AfterTwo = field(default_factory=AfterTwo)
    told: list[Callable[..., None]] = field(default_factory=list)

    def tell(self, callback: Callable[..., None], *_args: object) -> None:
        self.told.append(callback)


async def test_frames_that_are_dropped_while_they_are_taken_cost_no_room_its_mixer() -> None:
    one = member()
    one.waiting = Overtaken([frame(0)])
    mixer = VideoMixer("room", 320, 240, 100)
    await mixer.close()
    mixer.add(one)
    worker = FakeWorker()
    mixer.mix(worker)  # type: ignore[arg-type]
    assert worker.stopping.rounds == 3
    assert worker.told == []
