"""What a Janus says of itself during a trial."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from farm.errors import JanusRefused
from farm.janus.admin import AdminAccess, JanusAdmin
from farm.janus.view import HANDLES_A_SAMPLE, JanusView, streams_of
from farm.model.janus_samples import JanusStream
from farm.testing import FakeClock
from tests.farm.janus.fake_janus import SECRET, FakeJanus

INFO = {
    "plugin": "janus.plugin.videoroom",
    "webrtc": {
        "media": {
            "0": {
                "type": "audio",
                "rtcp": {"main": {"rtt": 12, "lost": 3, "lost-by-remote": 0}},
                "stats": {
                    "in": {"packets": 500, "bytes": 40_000, "nacks": 0},
                    "out": {"packets": 0, "nacks": 2},
                },
            },
            "1": {
                "type": "video",
                "rtcp": {"main": {"lost": 0, "lost-by-remote": 9}},
                "stats": {
                    "in": {"packets": 0, "nacks": 4},
                    "out": {"packets": 900, "bytes": 800_000, "nacks": 0},
                },
            },
            "2": {"type": "data"},
        }
    },
}


def test_each_direction_that_carries_something_is_a_stream() -> None:
    assert list(streams_of(7, INFO)) == [
        JanusStream(7, "videoroom", "inbound", "audio", 500, 40_000, 3, 2, 0.012),
        JanusStream(7, "videoroom", "outbound", "video", 900, 800_000, 9, 4, None),
    ]
    assert list(streams_of(7, {"plugin": "janus.plugin.videoroom"})) == []


async def test_sessions_and_handles_are_counted_and_a_few_handles_are_read_in_turn(
    janus: FakeJanus,
) -> None:
    janus.sessions = {1: [*range(10, 20)], 2: [20, 21]}
    janus.infos = dict.fromkeys(range(10, 22), INFO)
    view = JanusView(AdminAccess(janus.url, SECRET), FakeClock())
    first, second = await view.sample(), await view.sample()
    await view.close()
    assert first is not None and second is not None
    assert (first.sessions, first.handles) == (2, 12)
    looked = [{stream.handle for stream in sample.streams} for sample in (first, second)]
    assert [len(handles) for handles in looked] == [HANDLES_A_SAMPLE] * 2
    assert looked[0] | looked[1] == set(range(10, 22))


async def test_a_janus_that_dies_gives_no_samples_until_it_is_back(janus: FakeJanus) -> None:
    clock = FakeClock()
    view = JanusView(AdminAccess(janus.url, SECRET), clock)
    assert await view.sample() is not None
    await janus.die()
    assert await view.sample() is None
    async with aclosing(view.samples()):
        assert await view.topology() is None
    await view.close()


async def test_a_wrong_secret_is_refused(janus: FakeJanus) -> None:
    async with JanusAdmin.connect(AdminAccess(janus.url, "another")) as admin:
        with pytest.raises(JanusRefused, match="Unauthorized"):
            await admin.sessions()
    assert SECRET not in repr(AdminAccess(janus.url, SECRET))
