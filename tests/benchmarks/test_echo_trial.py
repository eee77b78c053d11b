"""Light probes against a server that limits them by REMB and knows no transport-cc, as Kurento."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.echo_app import echo_app
from benchmarks.echo_servers import embedded
from benchmarks.echo_trial import Setting, echo_experiment, echo_trial
from farm.processes import Processes

pytestmark = [pytest.mark.live, pytest.mark.alone]

KBPS = 400


async def test_a_light_probe_sends_what_the_server_allows(tmp_path: Path) -> None:
    async with (
        Processes(tmp_path / "logs") as processes,
        embedded(processes, KBPS) as server,
        echo_app(server) as app,
    ):
        setting = Setting(server, app, processes, tmp_path)
        trial = await echo_trial(echo_experiment("light", settle_s=12.0, hold_s=6.0), 2, setting)
    assert len(trial.video_bps) == 2
    for rate_bps in trial.video_bps:
        assert 0.9 * KBPS < rate_bps / 1000 < 1.05 * KBPS
