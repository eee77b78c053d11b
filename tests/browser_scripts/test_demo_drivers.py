"""The demo app's drivers, executed by the farm's own browsers against the app itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from farm import media
from farm.browser.chromiums import Chromiums
from farm.drivers import read_driver
from farm.hosts import LocalHost
from farm.hosts.start_limit import StartLimit
from farm.model.experiment import Experiment, MediaSettings, Scenario, ScenarioKind
from farm.model.page_samples import PageReport
from farm.model.run_clock import RunClock
from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import InboundRtp
from farm.planning.trial_planning import camera_size, driver_name, plan_trial
from farm.processes import Processes
from farm.protocols import HostKit
from tests.infra.demo_app.servers import running_servers

HERE = "here"


def planned(kind: ScenarioKind) -> tuple[Experiment, TrialPlan]:
    experiment = Experiment(
        scenario=Scenario(kind=kind, members=2),
        media=MediaSettings(frame_rate=10, max_video_send_bandwidth=150),
    )
    return experiment, plan_trial(experiment, 2, index=0, purpose="baseline", hosts=[HERE])


def decodes(report: PageReport) -> bool:
    stats = [each for connection in report.connections for each in connection.stats]
    inbound = [each for each in stats if isinstance(each, InboundRtp) and each.kind == "video"]
    return any((each.framesDecoded or 0) > 5 for each in inbound)


@pytest.mark.parametrize("kind", ["one_to_one", "group", "broadcast"])
def test_each_role_of_a_scenario_has_its_steps(kind: ScenarioKind) -> None:
    experiment, plan = planned(kind)
    roles = {probe.role for session in plan.sessions for probe in session.probes}
    assert set(read_driver(driver_name(experiment)).roles) == roles


@pytest.mark.live
@pytest.mark.parametrize("kind", ["one_to_one", "group", "broadcast"])
async def test_probes_join_receive_what_they_should_and_leave_nothing(
    kind: ScenarioKind, tmp_path: Path
) -> None:
    experiment, plan = planned(kind)
    probes = plan.sessions[0].probes
    receiving: set[str] = set()
    async with running_servers(tmp_path) as servers, Processes(tmp_path / "logs") as processes:
        host = LocalHost(
            HERE,
            place=HERE,
            cores=None,
            browsers=Chromiums(
                processes,
                lambda wanted: media.prepare(wanted, camera_size(experiment), tmp_path),
            ),
            start_limit=StartLimit,
            clock=RunClock().reading,
        )
        kit = HostKit(
            app_url=servers.app_url,
            accept_self_signed=False,
            driver=read_driver(driver_name(experiment)),
            media=experiment.media,
            probes=experiment.probes,
            poll_s=0.5,
            screenshots=tmp_path,
        )
        await host.open(kit)
        try:
            await asyncio.gather(*(host.start(probe) for probe in probes))
            for probe in probes:
                await host.join(probe.probe)
            await asyncio.gather(*(host.joined(probe.probe) for probe in probes))
            wanted = {probe.probe for probe in probes if probe.receives}
            async with asyncio.timeout(60):
                async for seen in host.evidence():
                    if isinstance(seen, PageReport) and decodes(seen):
                        receiving.add(seen.probe)
                    if receiving == wanted:
                        break
            for probe in reversed(probes):
                await host.leave(probe.probe)
            await servers.until_empty()
        finally:
            await host.close()
