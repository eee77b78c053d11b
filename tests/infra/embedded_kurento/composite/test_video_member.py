"""A member's frames on their way to the thread that mixes them."""

from __future__ import annotations

from collections import deque

from infra.embedded_kurento.composite.video_mixer import BACKLOG_FRAMES, VideoMember, VideoMixer
from infra.embedded_kurento.vp8 import Vp8Frame
from infra.embedded_kurento.worker import Worker


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


async def test_frames_that_are_dropped_while_they_are_taken_cost_no_room_its_mixer() -> None:
    one = member()
    one.waiting = Overtaken([frame(0)])
    mixer = VideoMixer("room", 320, 240, 100)
    rounds = 0

    def stopping(wait_s: float) -> bool:
        nonlocal rounds
        rounds += 1
        return rounds > 2

    await mixer.close()
    mixer.add(one)
    worker = Worker("idle", lambda worker: None)
    worker.stopping.wait = stopping  # type: ignore[assignment,method-assign]
    mixer.mix(worker)
    assert rounds == 3
    await worker.close()
