"""A server of which only the address is known."""

from __future__ import annotations

from farm.server.unseen import UnseenServer
from farm.testing import FakeClock


async def test_a_server_that_somebody_brings_back_is_waited_for() -> None:
    clock = FakeClock()

    async def back_after_ten_seconds() -> bool:
        return clock.run_s() >= 10

    async def story() -> None:
        report = await server.reset(None)
        assert (report.done, report.clean) == (False, True)

    server = UnseenServer("wss://media.example/kurento", 30.0, clock, back_after_ten_seconds)
    await clock.play(story())
    assert clock.run_s() >= 10
