"""The server brought back fresh before a trial, or said to be dirty."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from farm.errors import KurentoLost, ServerUnreachable
from farm.model.server_samples import ResetReport, ServerSample
from farm.model.server_settings import ResetSettings, ServerSettings
from farm.server import MeasuredServer
from farm.server.shell import CommandResult
from farm.testing import FakeClock
from tests.fake_machine import FakeMachine, FakeMediaServer
from tests.farm.server.server_bench import (
    ANY_SERVER,
    FRESH,
    PAGE,
    SETTINGS,
    Bench,
    bench,
    respawning,
    restarted,
)


async def test_a_server_that_is_no_kurento_is_back_when_its_page_and_its_process_are() -> None:
    at = await bench(
        replace(ANY_SERVER, reset=ResetSettings(command=None, ready_within_s=20)), page=PAGE
    )
    at.machine.process = None

    reports: list[ResetReport] = []

    async def keep() -> None:
        reports.append(await at.server.reset(None))

    await at.clock.play(keep())
    assert at.clock.run_s() >= 20
    assert reports[0].differences == (
        "the server did not answer within 20 s (server.reset.ready_within); no process is seen"
        " there (/proc)",
    )
    at.machine.process = FakeMediaServer(pid=5555, started=999_999)
    began_s = at.clock.run_s()
    await at.clock.play(keep())
    assert reports[1].clean
    assert at.clock.run_s() < began_s + 10


async def test_a_fresh_server_is_clean_at_the_first_attempt() -> None:
    at = await bench()
    at.machine.reset = respawning(at.machine)
    report = await restarted(at)
    assert (report.done, report.attempts, report.clean) == (True, 1, True)
    assert report.footprint == FRESH


async def test_where_the_process_is_hidden_the_machine_s_cpu_is_compared() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.hidden = {"/proc/4321/stat", "/proc/4321/cmdline"}
    report = await restarted(at, like=None)
    assert report.footprint is not None
    assert report.footprint.cpu_percent == pytest.approx(25)
    assert report.footprint.process_rss_bytes is None


async def test_the_first_reset_has_nothing_to_be_compared_to() -> None:
    at = await bench()
    at.machine.reset = respawning(at.machine, rss_kb=900_000)
    report = await restarted(at, like=None)
    assert report.clean
    assert report.footprint == replace(FRESH, process_rss_bytes=900_000 * 1024)


async def test_a_server_that_keeps_its_memory_is_reset_again_and_then_called_dirty() -> None:
    at = await bench()
    at.machine.reset = respawning(at.machine, rss_kb=400_000, threads=88)
    report = await restarted(at)
    assert (report.done, report.attempts) == (True, 3)
    assert report.differences == (
        "memory 409.6 MB, 26.62 MB at the first start",
        "threads 88, 30 at the first start",
    )


async def test_a_reset_command_that_fails_is_quoted() -> None:
    at = await bench()
    at.machine.reset = lambda: CommandResult(1, "", "sudo: a password is required\n")
    report = await restarted(at)
    assert (report.done, report.attempts) == (False, 3)
    assert report.differences == (
        "`restart the media server` ended with status 1: sudo: a password is required",
    )


async def test_a_server_that_does_not_answer_again_is_said_so() -> None:
    async def dead() -> bool:
        raise KurentoLost("gone")

    at = await bench(ready=dead)
    at.machine.reset = respawning(at.machine)
    report = await restarted(at)
    assert not report.done
    assert report.differences == (
        "the server did not answer within 30 s after the reset (server.reset.ready_within)",
    )


async def test_the_old_process_is_not_believed_when_the_command_does_not_wait() -> None:
    at = await bench()
    answered_by: list[int] = []

    async def ready() -> bool:
        assert at.machine.process is not None
        answered_by.append(at.machine.process.pid)
        return True

    at.server = MeasuredServer(at.machine, SETTINGS, at.clock, ready)
    await at.server.open()

    async def later() -> None:
        await at.clock.sleep_until(at.clock.run_s() + 1)
        respawning(at.machine)()

    def reset() -> CommandResult:
        pending.append(asyncio.ensure_future(later()))
        return CommandResult(0, "", "")

    pending: list[Awaitable[None]] = []
    at.machine.reset = reset
    report = await restarted(at)
    assert report.clean
    assert answered_by == [4322]


def slowly(at: Bench, after_s: float) -> Callable[[], CommandResult]:
    """A reset command that returns at once; another process is there only so much later."""
    pending: list[Awaitable[None]] = []

    async def later() -> None:
        await at.clock.sleep_until(at.clock.run_s() + after_s)
        respawning(at.machine)()

    def reset() -> CommandResult:
        pending.append(asyncio.ensure_future(later()))
        return CommandResult(0, "", "")

    return reset


async def test_an_old_process_that_takes_long_to_go_is_waited_out() -> None:
    at = await bench()
    at.machine.reset = slowly(at, 20.0)
    report = await restarted(at)
    assert (report.clean, report.attempts) == (True, 1)
    assert at.machine.process is not None
    assert at.machine.process.pid == 4322
    assert at.clock.run_s() >= 20


async def test_a_reset_that_once_replaced_the_process_and_now_does_not_is_dirty() -> None:
    at = await bench()
    at.machine.reset = respawning(at.machine)
    assert (await restarted(at)).clean
    at.machine.reset = lambda: CommandResult(0, "", "")
    report = await restarted(at)
    assert (report.done, report.attempts) == (False, 3)
    assert report.differences == ("its process is still the one from before the reset, pid 4322",)


async def test_a_reset_that_never_replaced_the_process_is_not_waited_for_twice() -> None:
    at = await bench()
    at.machine.reset = lambda: CommandResult(0, "", "")
    assert (await restarted(at)).clean
    began_s = at.clock.run_s()
    assert (await restarted(at)).clean
    assert at.clock.run_s() - began_s < 10


async def test_a_process_that_is_replaced_once_more_is_looked_at_once_more() -> None:
    at = await bench()
    asked = 0

    async def ready() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:  # it answers, and then gives way to yet another
            respawning(at.machine)()
        return True

    at.server = MeasuredServer(at.machine, SETTINGS, at.clock, ready)
    await at.server.open()
    at.machine.reset = respawning(at.machine)
    report = await restarted(at)
    assert (report.clean, asked) == (True, 2)


async def test_the_first_footprint_is_taken_when_the_start_is_over() -> None:
    at = await bench()

    def reset() -> CommandResult:
        respawning(at.machine)()
        pending.append(asyncio.ensure_future(calm_down()))
        return CommandResult(0, "", "")

    async def calm_down() -> None:
        assert at.machine.process is not None
        at.machine.process = replace(at.machine.process, threads=90)
        await at.clock.sleep_until(at.clock.run_s() + 3)
        at.machine.process = replace(at.machine.process, threads=30)

    pending: list[Awaitable[None]] = []
    at.machine.reset = reset
    report = await restarted(at, like=None)
    assert report.footprint is not None
    assert report.footprint.process_threads == 30


async def test_a_reset_that_takes_the_machine_down_is_waited_for() -> None:
    at = await bench()

    def reset() -> CommandResult:
        respawning(at.machine)()
        at.machine.drop()
        raise ServerUnreachable("the connection broke")

    at.machine.reset = reset
    report = await restarted(at)
    assert (report.done, report.attempts, report.clean) == (True, 1, True)
    assert at.machine.opened == 2


@pytest.mark.parametrize("settings", [SETTINGS, ANY_SERVER])
async def test_a_reset_that_restarts_the_machine_is_followed_to_the_new_boot_s_process(
    settings: ServerSettings,
) -> None:
    at = await bench(settings)
    await at.seen(2)
    servers = [FakeMediaServer(pid=900, started=1_490), FakeMediaServer(pid=899, started=1_480)]
    starting = iter(servers)

    def reboot() -> CommandResult:
        at.machine.reboot(next(starting), uptime_s=15)
        raise ServerUnreachable("the connection broke")

    at.machine.reset = reboot
    for server in servers:
        report = await restarted(at)
        assert (report.done, report.attempts, report.differences) == (True, 1, ())
        assert at.server.pid == server.pid
        await at.seen(2)


async def test_without_a_command_the_server_is_only_compared() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.process = FakeMediaServer(descriptors=80)
    report = await restarted(at)
    assert (report.done, report.attempts) == (False, 0)
    assert report.differences == ("descriptors 80, 40 at the first start",)


async def test_without_a_command_the_process_is_that_which_has_worked_most_until_now() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.beside = (
        FakeMediaServer(pid=20, started=600, busy=0.9, parent=4321),
        FakeMediaServer(pid=30, started=700, busy=0.99),
    )
    assert (await restarted(at, like=None)).clean
    assert at.server.pid == 20


async def test_without_a_command_a_process_that_is_gone_is_said() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    await at.seen(2)
    at.machine.process = None
    at.machine.beside = (FakeMediaServer(pid=20, started=50),)
    assert (await restarted(at, like=None)).differences == (
        "process kurento-media-server is gone; what ran beside it is another server",
    )


async def test_without_a_command_a_server_that_is_brought_back_is_waited_for() -> None:
    clock = FakeClock()

    async def back_after_ten_seconds() -> bool:
        return clock.run_s() >= 10

    settings = replace(SETTINGS, reset=ResetSettings(command=None))
    at = await bench(settings, back_after_ten_seconds, FakeMachine(clock))
    report = await restarted(at)
    assert clock.run_s() >= 10
    assert report.clean


async def test_without_a_command_a_server_that_stays_away_is_said_so() -> None:
    async def never() -> bool:
        raise KurentoLost("nothing answers")

    at = await bench(
        replace(SETTINGS, reset=ResetSettings(command=None, ready_within_s=5.0)), never
    )
    report = await restarted(at)
    said = "the server did not answer within 5 s (server.reset.ready_within)"
    assert report.differences == (said,)


async def test_a_namesake_that_ran_beside_it_is_not_taken_for_the_restarted_server() -> None:
    at = await bench()
    at.machine.beside = (FakeMediaServer(pid=20, started=50, busy=0.9),)
    samples = [sample for sample in await at.seen(2) if isinstance(sample, ServerSample)]
    assert {sample.process_pid for sample in samples} == {4321}
    at.machine.reset = respawning(at.machine)
    report = await restarted(at)
    assert (report.clean, at.server.pid) == (True, 4322)
    at.machine.reset = gone(at.machine)
    report = await restarted(at)
    assert at.server.pid is None
    assert report.differences[0] == (
        "process kurento-media-server is gone; what ran beside it is another server"
    )


async def test_two_servers_that_started_at_a_reset_are_not_told_apart() -> None:
    at = await bench()
    await at.seen(2)
    start = respawning(at.machine)

    def two() -> CommandResult:
        answer = start()
        at.machine.beside = (FakeMediaServer(pid=20, started=700_000),)
        return answer

    at.machine.reset = two
    report = await restarted(at)
    assert at.server.pid is None
    assert report.differences[0].startswith("2 processes are named kurento-media-server, pids 20, ")


def gone(machine: FakeMachine) -> Callable[[], CommandResult]:
    """A reset command that ends the process and starts none."""

    def reset() -> CommandResult:
        machine.process = None
        return CommandResult(0, "", "")

    return reset
