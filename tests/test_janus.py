"""Debian's Janus behind our demo app, as `farm run` judges it: calls, rooms, a stream withheld."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from farm.cli.__main__ import main
from farm.model.verdict import Outcome
from farm.testing import FakeObserver
from infra.janus.media_network import usable_interfaces
from tests.farm_process import farm
from tests.infra.demo_app.servers import started
from tests.sfu.own_janus import withhold_video
from tests.starved_server import IS_ROOT
from tests.trial_of import trial_of
from tests.unjudged import UNJUDGED

pytestmark = [
    pytest.mark.live,
    pytest.mark.measures,
    pytest.mark.skipif(shutil.which("janus") is None, reason="no janus on this machine"),
    pytest.mark.skipif(
        not (IS_ROOT or usable_interfaces()), reason="only root gives Janus an address"
    ),
]

PASSED = 0

BUSY_MACHINE = """
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, capture_of_asked: 0}
"""
"""Detectors of a busy machine are off: it is the tests' machine, and not what is asked here."""

EXPERIMENT = """
format: 1
scenario: {scenario}
server: {server}
probes: {{fidelity: light, witnesses: 0}}
media: {{size: 320x240, frame_rate: 10, max_video_send_bandwidth: 250}}
trial: {{load: {load}, settle: 4s, hold: 12s, window: 4s}}
"""


def test_recorded_calls_pass_and_janus_is_sampled_and_left_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = tmp_path / "calls"
    text = EXPERIMENT.format(
        scenario="{kind: one_to_one, record: true}",
        server=f"{{janus: here, recordings: {{directory: {recordings}}}}}",
        load=2,
    )
    (tmp_path / "experiment.yaml").write_text(text + UNJUDGED)
    assert main(["doctor", str(tmp_path / "experiment.yaml")]) == PASSED
    assert "this machine: Debian's Janus is started with the run" in capsys.readouterr().out
    with farm(tmp_path, "run", experiment=text + UNJUDGED) as run:
        assert run.wait() == PASSED, run.read_output()
        assert "4 recordings checked: whole" in run.read_output()
        result = run.result()
        report = (run.run / "report/index.html").read_text()
        assert main(["report", str(run.run), "--rows", "janus"]) == PASSED
        rows = capsys.readouterr().out
    assert "videocall" in rows
    figures = result["janus"]
    assert (figures["sessions"], figures["handles"]) == (1, 2)
    assert (figures["sessions_left"], figures["handles_left"]) == (0, 0)
    assert result["server_process_cpu_percent"] > 0
    assert "Janus 1." in report and "Pipelines and elements: a Janus has none." in report


def test_a_room_is_forwarded_and_a_broadcast_is_watched(tmp_path: Path) -> None:
    for scenario, load, handles in (
        ("{kind: group, members: 3}", 3, 6),
        ("{kind: broadcast}", 3, 3),
    ):
        folder = tmp_path / scenario[7:12]
        folder.mkdir()
        text = EXPERIMENT.format(scenario=scenario, server="{janus: here}", load=load)
        with farm(folder, "run", experiment=text + UNJUDGED) as run:
            assert run.wait() == PASSED, run.read_output()
            figures = run.result()["janus"]
        assert (figures["sessions"], figures["handles"]) == (1, handles), scenario
        assert figures["handles_left"] == 0


def test_a_room_of_audio_alone_is_mixed(tmp_path: Path) -> None:
    scenario = "{kind: group, members: 3, audio_only: 3, media: mixed}"
    text = EXPERIMENT.format(scenario=scenario, server="{janus: here}", load=6)
    with farm(tmp_path, "run", experiment=text + UNJUDGED) as run:
        assert run.wait() == PASSED, run.read_output()
        result = run.result()
    assert (result["janus"]["sessions"], result["janus"]["handles"]) == (2, 6)
    assert result["janus"]["handles_left"] == 0


async def test_a_video_that_janus_passes_on_no_more_fails_and_is_named(tmp_path: Path) -> None:
    async with started("infra.janus", "--port", "0", "--admin-port", "0") as (_, janus):
        server = f"{{janus: '{janus['url']}', local: true, process: {{pid: {janus['pid']}}}}}"
        text = EXPERIMENT.format(scenario="{kind: group, members: 3}", server=server, load=3)
        muting = asyncio.create_task(withhold_video(janus["url"]))
        run, outcome = await trial_of(text + BUSY_MACHINE, tmp_path, FakeObserver(), load=3)
        assert muting.done()
        await muting
    (result,) = run.glob("trials/*/result.json")
    reasons = json.loads(result.read_text())["verdict"]["reasons"]
    assert outcome is Outcome.FAIL, reasons
    # All cameras show one clip: whose of two alike streams it is may not be known, and is said.
    silent = {
        (reason["probe"], reason["stream"]): reason["sender"]
        for reason in reasons
        if reason["code"] == "gap"
    }
    assert silent.keys() == {("p000", "inbound video"), ("p002", "inbound video")}, reasons
    assert all("p001" in sender for sender in silent.values()), reasons
