"""The server's life in a trial: sampled once a second, lost, found again, brought back fresh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

import pytest

from farm.errors import BadInput, KurentoLost, ServerLost, ServerUnreachable
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerSample
from farm.model.server_settings import ResetSettings, ServerSettings
from farm.server import MeasuredServer
from farm.server.shell import CommandResult
from tests.fake_machine import BOOTED_S, FakeMachine, FakeMediaServer
from tests.fakes import FakeClock

SETTINGS = ServerSettings(
    kurento="ws://203.0.113.10:8888/kurento",
    reset=ResetSettings(command="restart the media server", ready_within_s=30.0, retries=2),
)

ANY_SERVER = replace(SETTINGS, kurento=None)
PAGE = "https://203.0.113.10/meet"


async def yes() -> bool:
    return True


@dataclass
class Bench:
    """A server under test on a fake machine, and what it said."""

    clock: FakeClock
    machine: FakeMachine
    server: MeasuredServer

    async def seen(self, seconds: float) -> list[ServerSample | Gap]:
        """What is sampled from now on, while the clock plays."""
        until_s = self.clock.run_s() + seconds
        found: list[ServerSample | Gap] = []

        async def watch() -> None:
            async with aclosing(self.samples()) as samples:
                async for sample in samples:
                    found.append(sample)
                    if self.clock.run_s() >= until_s:
                        return

        await self.clock.play(watch())
        return found

    async def samples(self) -> AsyncIterator[ServerSample | Gap]:
        async for sample in self.server.samples():
            yield sample


async def bench(
    settings: ServerSettings = SETTINGS,
    ready: Callable[[], Awaitable[bool]] = yes,
    machine: FakeMachine | None = None,
    page: str | None = None,
) -> Bench:
    clock = machine.clock if machine else FakeClock()
    machine = machine or FakeMachine(clock)
    server = MeasuredServer(machine, settings, clock, ready, page=page)
    await server.open()
    return Bench(clock, machine, server)


async def test_the_machine_is_looked_at_first() -> None:
    machine = FakeMachine(FakeClock())
    facts = await MeasuredServer(machine, SETTINGS, machine.clock, yes).open()
    assert (facts.hostname, facts.kernel, facts.cores) == ("kms-1", "Linux 6.1.0", 2)
    assert (facts.cpu_model, facts.memory_bytes) == ("Slow CPU", 8000 * 1024)
    assert (facts.process, facts.pid) == ("process kurento-media-server", 4321)
    assert (facts.interface, facts.reached) == ("eth0", "media.example")


async def test_a_quota_of_its_control_groups_is_a_fact() -> None:
    quota = "/sys/fs/cgroup/kms/cpu.max:10000 100000"
    machine = FakeMachine(FakeClock(), group="/kms", limits=quota)
    facts = await MeasuredServer(machine, SETTINGS, machine.clock, yes).open()
    assert facts.cpu_quota_cores == 0.1
    machine = FakeMachine(FakeClock(), group="/kms", limits="/sys/fs/cgroup/kms/cpu.max:max 100000")
    facts = await MeasuredServer(machine, SETTINGS, machine.clock, yes).open()
    assert facts.cpu_quota_cores is None


async def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"server\.interface: kms-1 has no 'eth7'; it has lo, eth0"):
        await bench(replace(SETTINGS, interface="eth7"))


async def test_every_second_has_its_figures() -> None:
    samples = await (await bench()).seen(5)
    received = [sample.received_s for sample in samples if isinstance(sample, ServerSample)]
    assert received == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0], abs=0.001)
    last = samples[-1]
    assert isinstance(last, ServerSample)
    assert last.uptime_s == BOOTED_S + 5
    assert last.cpu_percent == pytest.approx(25)
    assert last.core_percent == pytest.approx((50, 0))
    assert last.process_cpu_percent == pytest.approx(50)
    assert last.process_rss_bytes == 26_000 * 1024
    assert (last.process_threads, last.process_descriptors) == (30, 40)
    assert last.memory_used_bytes == 2000 * 1024
    assert (last.received_bps, last.sent_bps) == (pytest.approx(1e6), pytest.approx(2e6))
    assert (last.received_packets_per_s, last.sent_packets_per_s) == (100, 200)
    assert (last.udp_in_errors_per_s, last.udp_buffer_errors_per_s) == (3, 2)
    assert last.threads is not None
    assert [(thread.tid, thread.cpu_percent) for thread in last.threads] == [(4321, 50)]


async def test_cpu_is_that_of_the_cores_that_are_the_server_s() -> None:
    samples = await (await bench(replace(SETTINGS, cores=(0,)))).seen(2)
    assert isinstance(samples[-1], ServerSample)
    assert samples[-1].cpu_percent == pytest.approx(50)


async def test_what_is_hidden_is_unknown_and_never_zero() -> None:
    machine = FakeMachine(FakeClock())
    machine.hidden = {"/proc/stat", "/proc/meminfo", "/proc/net/dev", "/proc/4321/status"}
    samples = await (await bench(machine=machine)).seen(2)
    last = samples[-1]
    assert isinstance(last, ServerSample)
    assert last.cpu_percent is last.core_percent is last.steal_percent is None
    assert last.memory_used_bytes is last.memory_available_bytes is None
    assert last.received_bps is last.sent_packets_per_s is None
    assert last.process_rss_bytes is None
    assert last.process_cpu_percent == pytest.approx(50)


async def test_a_process_that_is_moved_to_another_control_group_is_seen_there() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.group = "/limited"
    await restarted(at, like=None)
    limits = [
        sample.cgroup_cpu_limit_cores
        for sample in await at.seen(12)
        if isinstance(sample, ServerSample)
    ]
    assert [limit for limit in limits if limit is not None] == [0.5, 0.5]


async def test_a_process_that_dies_is_seen_to_and_its_successor_is_found() -> None:
    at = await bench()
    await at.seen(2)
    at.machine.process = None
    gone = (await at.seen(3))[-1]
    assert isinstance(gone, ServerSample)
    assert gone.process_pid is gone.process_cpu_percent is gone.process_descriptors is None
    assert gone.cpu_percent == 0
    at.machine.process = FakeMediaServer(pid=5555, started=999)
    back = (await at.seen(5))[-1]
    assert isinstance(back, ServerSample)
    assert back.process_pid == 5555
    assert back.process_cpu_percent == pytest.approx(50)
    assert back.process_descriptors == 40


@pytest.mark.parametrize(
    ("heir", "why"),
    [
        (None, "its process, pid 4321, has ended"),
        (
            FakeMediaServer(pid=5555, started=999_999),
            "its process, pid 4321, has ended; pid 5555 took its place",
        ),
    ],
)
async def test_a_process_that_ends_under_a_trial_is_told(
    heir: FakeMediaServer | None, why: str
) -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    assert not death.done()
    at.machine.process = heir
    await at.seen(6)
    assert death.done()
    assert await death == f"the media server is gone: {why}"


async def test_a_death_is_told_though_its_heir_s_groups_are_not_seen_at_once() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    at.machine.process = FakeMediaServer(pid=5555, started=999_999)
    at.machine.kills, at.machine.kills_only, at.machine.group = True, "/mountinfo", "/limited"
    assert all(isinstance(sample, ServerSample) for sample in await at.seen(6))
    assert not death.done()
    at.machine.kills = False
    samples = [sample for sample in await at.seen(15) if isinstance(sample, ServerSample)]
    assert samples[-1].process_pid == 5555
    assert death.done()
    assert "pid 5555 took its place" in await death
    assert {sample.cgroup_cpu_limit_cores for sample in samples} == {None, 0.5}


async def test_a_look_that_failed_is_no_death() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    there, at.machine.process = at.machine.process, None
    await at.seen(1)
    at.machine.process = there
    back = (await at.seen(5))[-1]
    assert isinstance(back, ServerSample)
    assert back.process_pid == 4321
    assert not death.done()
    death.cancel()


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
        "the server did not answer within 20 s (server.reset.ready_within)",
    )
    at.machine.process = FakeMediaServer(pid=5555, started=999_999)
    began_s = at.clock.run_s()
    await at.clock.play(keep())
    assert reports[1].clean
    assert at.clock.run_s() < began_s + 10


async def test_its_interface_is_the_one_that_its_page_is_reached_by() -> None:
    machine = FakeMachine(FakeClock(), here=True)
    at = await bench(ANY_SERVER, machine=machine, page="http://127.0.0.1:8080/")
    assert (await at.server.open()).interface == "lo"


async def test_a_successor_with_the_same_pid_is_not_taken_for_it() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def watch() -> None:
        async with aclosing(at.samples()) as seen:
            async for sample in seen:
                samples.append(sample)
                if len(samples) == 2:
                    at.machine.process = FakeMediaServer(started=777, busy=0.1)
                if len(samples) == 5:
                    return

    await at.clock.play(watch())
    rates = [sample.process_cpu_percent for sample in samples if isinstance(sample, ServerSample)]
    assert rates == [
        pytest.approx(50),
        pytest.approx(50),
        None,
        pytest.approx(10),
        pytest.approx(10),
    ]


async def test_a_dropped_connection_leaves_a_gap_and_is_taken_up_again() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def trouble() -> None:
        await at.clock.sleep_until(3.5)
        at.machine.up = False
        at.machine.drop()
        await at.clock.sleep_until(20)
        at.machine.up = True

    async def watch() -> None:
        async with aclosing(at.samples()) as seen:
            async for sample in seen:
                samples.append(sample)
                if at.clock.run_s() > 24:
                    return

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(trouble())
            tasks.create_task(watch())

    await at.clock.play(both())
    gaps = [sample for sample in samples if isinstance(sample, Gap)]
    assert len(gaps) == 1
    assert gaps[0].start_s == pytest.approx(3.0, abs=0.001)
    assert 20 < gaps[0].end_s < 23
    assert "connection broke" in gaps[0].why
    first_after = samples[samples.index(gaps[0]) + 1]
    assert isinstance(first_after, ServerSample)
    assert first_after.received_bps == pytest.approx(1e6)
    assert at.machine.opened == 2


async def test_a_connection_that_stays_away_is_a_lost_server() -> None:
    at = await bench()
    await at.seen(2)
    at.machine.up = False
    at.machine.drop()
    began_s = at.clock.run_s()
    with pytest.raises(ServerLost, match=r"media\.example is not reached any more for 60 s"):
        await at.seen(200)
    assert 60 <= at.clock.run_s() - began_s < 63


async def test_a_machine_too_busy_to_be_searched_is_sampled_all_the_same() -> None:
    at = await bench()
    at.machine.process, at.machine.busy = None, True
    seen = await at.seen(8)
    assert len(seen) >= 7
    assert all(isinstance(each, ServerSample) and each.process_pid is None for each in seen)


async def test_closing_ends_the_samples() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def watch() -> None:
        async for sample in at.samples():
            samples.append(sample)
            if len(samples) == 2:
                await at.server.close()

    await at.clock.play(watch())
    assert len(samples) == 2


# ---------------------------------------------------------------- reset

FRESH = Footprint(
    cpu_percent=50.0, process_rss_bytes=26_000 * 1024, process_threads=30, process_descriptors=40
)


async def restarted(at: Bench, like: Footprint | None = FRESH) -> ResetReport:
    """The report of a reset, while the clock plays."""
    reports: list[ResetReport] = []

    async def story() -> None:
        reports.append(await at.server.reset(like))

    await at.clock.play(story())
    return reports[0]


def respawning(machine: FakeMachine, **changes: int) -> Callable[[], CommandResult]:
    """A reset command that starts another process."""

    def reset() -> CommandResult:
        pid = (machine.process or FakeMediaServer()).pid + 1
        machine.process = FakeMediaServer(pid=pid, **changes)
        return CommandResult(0, "", "")

    return reset


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


async def test_without_a_command_the_server_is_only_compared() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.process = FakeMediaServer(descriptors=80)
    report = await restarted(at)
    assert (report.done, report.attempts) == (False, 0)
    assert report.differences == ("descriptors 80, 40 at the first start",)


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


# ---------------------------------------------------------------- recorded calls


async def test_recordings_are_reached_again_after_a_drop() -> None:
    at = await bench()
    at.machine.up = False
    asked = asyncio.create_task(at.server.recordings.ready())

    async def story() -> None:
        await at.clock.sleep_until(5.0)
        at.machine.up = True
        assert await asked == 400 * 1024

    await at.clock.play(story())
    assert at.machine.opened == 2


async def test_recordings_on_a_machine_that_stays_away_are_lost_with_it() -> None:
    at = await bench()
    at.machine.up = False

    async def story() -> None:
        with pytest.raises(ServerLost, match=r"media\.example is not reached any more"):
            await at.server.recordings.ready()

    await at.clock.play(story())
    await at.server.close()


def test_what_a_command_complains_of_is_all_of_it_in_a_line() -> None:
    systemctl = (
        "Failed to restart kms.service: Interactive authentication required.\n"
        "See system logs and 'systemctl status kms.service' for details.\n"
    )
    assert CommandResult(4, "", systemctl).complaint == (
        "Failed to restart kms.service: Interactive authentication required.; "
        "See system logs and 'systemctl status kms.service' for details."
    )
    assert CommandResult(5, "no kms here\n", "").complaint == "no kms here"
    assert CommandResult(137, "", "").complaint == "status 137"
    much = CommandResult(1, "", "first\n" + "between\n" * 100 + "last\n").complaint
    assert much == "first; ...; last"


async def test_a_machine_that_kills_what_it_is_asked_is_asked_again() -> None:
    at = await bench()
    at.machine.kills = True

    async def recover() -> None:
        await at.clock.sleep_until(20.0)
        at.machine.kills = False

    recovering = asyncio.create_task(recover())
    report = await restarted(at, None)
    await recovering
    assert report.clean
    assert at.clock.run_s() > 20


async def test_a_machine_that_keeps_killing_is_lost_and_said_to_answer_nothing_whole() -> None:
    at = await bench()
    at.machine.kills = True
    with pytest.raises(ServerLost, match="answers nothing whole for 60 s: looking for the process"):
        await restarted(at)


async def test_a_search_that_is_killed_takes_no_figure_from_the_others() -> None:
    at = await bench()
    at.machine.process = None
    at.machine.kills = True
    samples = await at.seen(4)
    assert all(isinstance(sample, ServerSample) for sample in samples)
