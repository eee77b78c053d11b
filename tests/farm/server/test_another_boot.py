"""A machine that somebody else restarts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farm.errors import CloudError, ServerUnreachable
from farm.server.another_boot import READ_BOOT_ID, another_boot
from farm.server.shell import Channel, CommandResult
from farm.testing import FakeClock


class Machine:
    """A `farm.server.shell.Shell` that boots at `boots_at_s`, and is up again a minute later."""

    where, here = "ubuntu@203.0.113.10", False

    def __init__(self, clock: FakeClock, boots_at_s: float | None) -> None:
        self.clock = clock
        self.boots_at_s = boots_at_s
        self.is_open = True
        self.kills = False

    async def open(self) -> None:
        assert not self.is_open
        at = self.boots_at_s
        if at is not None and at <= self.clock.now_s < at + 60:
            raise ServerUnreachable("port 22 does not answer")
        self.is_open = True

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        assert command == READ_BOOT_ID
        assert self.is_open
        if self.kills:
            return CommandResult(137, "", "")
        booted = self.boots_at_s is not None and self.clock.now_s >= self.boots_at_s
        return CommandResult(0, "second\n" if booted else "first\n", "")

    async def channel(self, command: str) -> Channel:
        raise NotImplementedError

    async def close(self) -> None:
        self.is_open = False


def restarting(machine: Machine, at_s: float | None) -> Callable[[], Awaitable[None]]:
    async def restart() -> None:
        machine.boots_at_s = at_s

    return restart


async def test_it_waits_until_another_boot_is_reached() -> None:
    clock = FakeClock()
    machine = Machine(clock, None)
    assert await clock.play(another_boot(machine, restarting(machine, 10), clock, 300)) is None
    assert machine.is_open
    assert 70 <= clock.now_s < 75


async def test_one_that_goes_on_as_it_was_is_told() -> None:
    clock = FakeClock()
    machine = Machine(clock, None)
    why = await clock.play(another_boot(machine, restarting(machine, None), clock, 30))
    assert why == (
        "the machine was not restarted within 30 s (server.reset.ready_within): it did not stop"
    )
    assert machine.is_open


async def test_one_that_does_not_come_back_is_told() -> None:
    clock = FakeClock()
    machine = Machine(clock, None)
    why = await clock.play(another_boot(machine, restarting(machine, 0), clock, 30))
    assert why is not None and why.endswith("port 22 does not answer")


async def test_what_the_cloud_refuses_is_told() -> None:
    clock = FakeClock()
    machine = Machine(clock, None)

    async def refused() -> None:
        raise CloudError("AWS refused reboot_instances")

    why = await clock.play(another_boot(machine, refused, clock, 30))
    assert why == "AWS refused reboot_instances"
    assert machine.is_open


async def test_an_answer_that_is_cut_off_is_no_other_boot() -> None:
    clock = FakeClock()
    machine = Machine(clock, None)

    async def restart() -> None:
        machine.kills = True

    why = await clock.play(another_boot(machine, restart, clock, 30))
    assert why is not None and why.endswith("does not say which boot it is (status 137)")
    assert await clock.play(another_boot(machine, restart, clock, 30)) == (
        f"`{READ_BOOT_ID}` does not say which boot it is (status 137)"
    )
