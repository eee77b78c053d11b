"""The frame rate that received videos should have, as far as it is known."""

from __future__ import annotations

from dataclasses import replace

from farm.model.experiment import Experiment, Scenario
from farm.model.session_roles import SERVER, RoleStreams, SessionRole
from farm.model.trial_evidence import StreamIdentity
from farm.planning.trial_planning import plan_trial
from farm.testing import good_evidence
from reports.series.due_frame_rates import due_frame_rates
from reports.wording.stream_names import stream_names

HOST = SessionRole("host", ("video",), receives=())
GUEST = SessionRole(
    "guest", (), receives=(RoleStreams("host", "video"), RoleStreams(SERVER, "video"))
)


def test_of_the_servers_own_videos_it_is_unknown() -> None:
    experiment = Experiment(scenario=Scenario(kind="custom", roles=(HOST, GUEST)))
    plan = plan_trial(experiment, 2, index=0, purpose="single", hosts=("here",))
    streams = tuple(
        StreamIdentity("p001", "inbound", "video", track, owed=True, seen=True, senders=senders)
        for track, senders in enumerate((("p000",), (SERVER,)))
    )
    evidence = replace(good_evidence(plan, windows=1), streams=streams)
    due = due_frame_rates(evidence, None).sort("track")
    assert due["due_frame_rate"].to_list() == [20.0, None]
    assert stream_names(streams, {}) == (
        "video received from p000",
        "video received from the server",
    )
