"""The server's machine looked around on: its facts, its limits, its interface."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.errors import BadInput
from farm.server import MeasuredServer
from farm.testing import FakeClock
from tests.fake_machine import FakeMachine
from tests.farm.server.server_bench import ANY_SERVER, SETTINGS, bench, yes


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


async def test_its_interface_is_the_one_that_its_page_is_reached_by() -> None:
    machine = FakeMachine(FakeClock(), here=True)
    at = await bench(ANY_SERVER, machine=machine, page="http://127.0.0.1:8080/")
    assert (await at.server.open()).interface == "lo"
