"""A server's own view of a trial: recorded, and what it kept is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from farm.execution.server_monitor import ServerMonitor, left_over
from farm.janus.admin import AdminAccess
from farm.janus.view import JanusView
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoElement, KurentoTopology
from farm.testing import FakeWorld
from tests.farm.janus.fake_janus import SECRET, FakeJanus


@pytest.fixture
async def janus() -> AsyncIterator[FakeJanus]:
    fake = FakeJanus()
    await fake.start()
    yield fake
    await fake.die()


def view_of(world: FakeWorld) -> ServerMonitor:
    return ServerMonitor(world.view, world.clock, world.observer, world.recorder)


async def _trial(world: FakeWorld) -> None:
    own = view_of(world)
    await own.before()
    async with own.listening():
        await world.clock.sleep_until(world.clock.run_s() + 12)
        await own.record_topology()
    await own.after()


def counts(world: FakeWorld) -> list[int]:
    return [sample.pipelines for sample in world.recorder.kurento_samples]


async def test_samples_come_before_during_and_after_and_nothing_is_left() -> None:
    world = FakeWorld()
    world.view.pipelines = [0, 2, 0]
    world.view.built = KurentoTopology((KurentoElement("p/e", "WebRtcEndpoint"),), ())
    await world.clock.play(_trial(world))
    assert counts(world) == [0, 9, 9, 0]
    assert world.recorder.topologies == [world.view.built]
    assert world.observer.notes == []


async def test_a_pipeline_that_stays_is_told() -> None:
    world = FakeWorld()
    world.view.pipelines = [1, 3]
    await world.clock.play(_trial(world))
    assert counts(world)[-1] == 3
    assert world.observer.notes == ["2 pipelines outlived their sessions"]


async def test_a_server_that_says_nothing_leaves_nothing_unsaid() -> None:
    world = FakeWorld()
    world.view.pipelines = []
    await world.clock.play(_trial(world))
    assert world.observer.notes == []


async def test_a_janus_that_the_reset_restarted_is_counted_before_the_first_joins(
    janus: FakeJanus,
) -> None:
    world = FakeWorld()
    view = JanusView(AdminAccess(janus.url, SECRET), world.clock)
    assert await view.sample() is not None  # of the trial before
    again = FakeJanus()
    await janus.die()
    await again.start(urlsplit(janus.url).port or 0)
    try:
        own = ServerMonitor(view, world.clock, world.observer, world.recorder)
        await own.before()
        assert [sample.sessions for sample in world.recorder.janus_samples] == [0]
        await view.close()
    finally:
        await again.die()


def test_sessions_and_handles_of_a_janus_that_stay_are_told() -> None:
    first = JanusSample(0, 1, 2)
    assert left_over(first, JanusSample(9, 1, 2)) == ""
    assert left_over(first, JanusSample(9, 1, 5)) == "3 handles of the Janus outlived the trial's"
    assert left_over(first, JanusSample(9, 2, 3)) == (
        "1 session and 1 handle of the Janus outlived the trial's"
    )
