"""How many probes a machine carries, reckoned from what some of them took."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farm.bench.known_density import remember, room_for
from farm.cli.__main__ import main
from farm.cli.density import CpuSpent, first_and_last, reckoned
from farm.errors import BadInput, BrowserError
from farm.hosts.threads import ThreadTimes
from farm.model.experiment import Experiment, HostSettings, ProbeSettings
from farm.model.verdict import Outcome

EXPERIMENT = Experiment(
    hosts=(HostSettings(cores=(0, 1)),), probes=ProbeSettings(fidelity="light", per_browser=20)
)
NETWORK, PAGE, LATE = (10, 11), (20, 21), (30, 31)


def spent(at_s: float, network_s: float, page_s: float, controller_s: float) -> CpuSpent:
    return CpuSpent(ThreadTimes(at_s, {NETWORK: network_s, PAGE: page_s}), controller_s)


def test_what_some_probes_took_is_carried_on_to_the_limits_of_a_trial() -> None:
    before, after = spent(100.0, 5.0, 7.0, 3.0), spent(110.0, 5.4, 8.0, 3.04)
    found = reckoned(EXPERIMENT, 4, before, after, Outcome.PASS)

    assert found.cores_each == pytest.approx((0.4 + 1.0) / 10 / 4)
    assert found.controller_each == pytest.approx(0.04 / 10 / 4)
    assert found.probes == int(0.85 * 2 / 0.036)
    assert found.browser_probes == int(0.8 / (0.1 / 4))  # the page's thread is the busiest


def test_a_thread_that_began_in_between_does_not_count_from_its_birth() -> None:
    before, after = spent(0.0, 0.0, 0.0, 0.0), spent(10.0, 1.0, 1.0, 0.0)
    late = CpuSpent(ThreadTimes(10.0, {**after.threads.cpu_s, LATE: 9.0}), 0.0)
    assert reckoned(EXPERIMENT, 2, before, late, Outcome.PASS).cores_each == pytest.approx(0.1)


def test_what_was_measured_bounds_placement_by_cores(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "density.json"
    asked = dataclasses.replace(
        EXPERIMENT, probes=dataclasses.replace(EXPERIMENT.probes, density="measured")
    )
    with pytest.raises(BadInput, match="farm doctor --density"):
        room_for(asked, 2, file)
    remember(asked, 21, 2, file)

    assert room_for(asked, 2, file) == 21
    assert room_for(asked, 8, file) == 84
    assert room_for(EXPERIMENT, 8, file) is None
    full = dataclasses.replace(asked, probes=ProbeSettings(fidelity="full", density="measured"))
    with pytest.raises(BadInput, match="full one_to_one 640x480 20"):
        room_for(full, 2, file)


def test_farms_that_measure_at_once_forget_nothing(tmp_path: Path) -> None:
    file = tmp_path / "density.json"
    kinds = [
        dataclasses.replace(
            EXPERIMENT,
            probes=ProbeSettings(fidelity="light", density="measured"),
            media=dataclasses.replace(EXPERIMENT.media, frame_rate=rate),
        )
        for rate in range(5, 25)
    ]
    with ThreadPoolExecutor(4) as farms:
        for done in [farms.submit(remember, kind, 7, 2, file) for kind in kinds]:
            done.result()
    assert [room_for(kind, 2, file) for kind in kinds] == [7] * 20


def test_a_density_is_one_of_an_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--density"]) == 2
    assert "--density: of which experiment?" in capsys.readouterr().err


def test_it_says_what_is_wrong_with_the_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text("format: 1\nscenario: {kind: one_to_one}\nprobes: {fidelity: lite}\n")
    assert main(["doctor", "--density", str(file)]) == 2
    assert "probes.fidelity" in capsys.readouterr().err


@pytest.mark.parametrize("at_s", [[], [14.0], [9.0, 12.0, 26.0]])
def test_a_machine_too_busy_to_be_looked_at_is_said_to_be(at_s: list[float]) -> None:
    spent = CpuSpent(ThreadTimes(0.0, {}), 0.0)
    with pytest.raises(BrowserError, match=r"too busy to be measured: [01] reading"):
        first_and_last([(each, spent) for each in at_s], 10.0, 25.0)
