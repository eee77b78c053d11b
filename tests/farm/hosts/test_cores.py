"""What cores spent their time on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from farm.hosts.cores import core_time

NAMES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def core(**seconds: float) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(NAMES, 0.0) | seconds)


def test_busy_is_all_that_is_not_idle_and_programs_had_what_is_left_of_that() -> None:
    before = [core(), core(), core(user=50.0)]
    after = [
        core(user=2.0, nice=1.0, system=1.0, steal=3.0, softirq=1.0, iowait=1.0, idle=1.0),
        core(idle=9.0, irq=1.0),
        core(user=60.0),
    ]
    found = core_time(before, after, (0, 1))
    assert found.cores == 2
    assert found.total_s == pytest.approx(20.0)
    assert found.busy_percent == pytest.approx(45.0)
    assert found.stolen_percent == pytest.approx(15.0)
    assert found.by_programs == pytest.approx(2 * 4.0 / 20.0), "what was stolen is no program's"


def test_counters_that_stand_still_or_go_back_tell_nothing_impossible() -> None:
    assert core_time([core(user=1.0)], [core(user=1.0)], (0,)).busy_percent is None
    back = core_time([core(user=1.0, idle=5.0)], [core(user=1.0, idle=4.99, system=1.0)], (0,))
    assert back.busy_percent == 100.0
