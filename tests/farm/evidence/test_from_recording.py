"""From a recording to what a verdict is made of: each trouble shows where it belongs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.evidence import trial_evidence
from farm.model.page_samples import ConnectionReport, PageReport, ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome, PollCount, StreamInterval, TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from farm.recording import RunRecording
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from farm.testing import WALL_S, FakeClock
from tests.farm.recordings import new_run, recorded
from tests.synthetic import MONOTONIC_S, Page, call_plan, clock_reading, page_reports


def evidence_of(trial: TrialReader) -> TrialEvidence:
    return trial_evidence(trial, window_s=10.0, poll_s=1.0)


def windows(
    evidence: TrialEvidence, probe: str, direction: Direction, kind: MediaKind = "video"
) -> list[StreamInterval]:
    return [
        interval
        for interval in evidence.intervals
        if (interval.probe, interval.direction, interval.kind) == (probe, direction, kind)
    ]


async def call(tmp_path: Path, troubled: Page) -> TrialEvidence:
    """p001 has a good call, p000 has `troubled`; the hold is from 10 to 30."""
    return evidence_of(
        await recorded(
            tmp_path, replace(troubled, probe="p000", seconds=31), Page("p001", seconds=31)
        )
    )


# ---------------------------------------------------------------- a good call


async def test_a_good_call_in_figures(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page())
    assert len(evidence.intervals) == 2 * 2 * 2 * 2  # probes, directions, kinds, windows
    down, _ = windows(evidence, "p000", "inbound")
    assert (down.session, down.role, down.window, down.polls) == ("s000", "caller", 0, 10)
    assert (down.start_s, down.end_s) == (10.0, 20.0)
    assert (down.packets, down.payload_bytes) == (500, 500_000)
    assert down.bitrate_bps == pytest.approx(400_000)
    assert (down.residual_loss_ratio, down.repair_ratio) == (0.0, 0.0)
    assert down.frame_rate == pytest.approx(20)
    assert (down.frame_width, down.frame_height) == (640, 480)
    assert down.stalled_ratio == pytest.approx(0)
    assert down.gap_s == pytest.approx(0)
    assert down.round_trip_time_s == pytest.approx(0.04)
    assert down.jitter_s == pytest.approx(0.003)
    up, _ = windows(evidence, "p000", "outbound")
    assert (up.packets, up.payload_bytes) == (500, 500_000)
    assert up.frame_rate == pytest.approx(20)
    assert up.capture_frame_rate == pytest.approx(20)
    assert up.target_bitrate_bps == 400_000
    assert (up.packets_lost, up.residual_loss_ratio) == (0, 0.0)
    assert up.round_trip_time_s == pytest.approx(0.05)
    assert up.quality_limited_by_cpu_ratio == 0
    assert evidence.polls == (PollCount("p000", 20, 20, 0), PollCount("p001", 20, 20, 0))


async def test_what_a_kind_or_direction_does_not_have_stays_unknown(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page())
    audio, _ = windows(evidence, "p000", "inbound", "audio")
    assert audio.frame_rate is None
    assert audio.stalled_ratio is None
    assert audio.repair_ratio is None
    assert audio.quality_limited_by_cpu_ratio is None
    up, _ = windows(evidence, "p000", "outbound")
    assert up.stalled_ratio is None


async def test_samples_of_machines_are_in_run_time(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page())
    assert [sample.run_s for sample in evidence.host_samples] == [float(n) for n in range(30)]
    assert evidence.server_samples[7].received_s == 7.0
    assert evidence.phases.hold_s == 10.0


# ---------------------------------------------------------------- troubles of a stream


async def test_loss_and_repair(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page(loss=0.1, repaired=0.04))
    down, _ = windows(evidence, "p000", "inbound")
    assert down.residual_loss_ratio == pytest.approx(0.1)
    assert down.repair_ratio == pytest.approx(0.04 / 0.9, rel=0.01)
    up, _ = windows(evidence, "p000", "outbound")
    assert up.repair_ratio == pytest.approx(0.04 / 1.04, rel=0.01)
    assert up.bitrate_bps == pytest.approx(400_000), "what is sent again is no payload"
    assert up.packets_lost == pytest.approx(52, abs=1)
    assert up.residual_loss_ratio == pytest.approx(0.1, abs=0.002)
    partner, _ = windows(evidence, "p001", "inbound")
    assert partner.residual_loss_ratio == 0


async def test_what_is_sent_again_unasked_is_padding_and_no_repair(tmp_path: Path) -> None:
    up, _ = windows(await call(tmp_path, Page(padded=0.5)), "p000", "outbound")
    assert up.repair_ratio == 0
    assert up.bitrate_bps == pytest.approx(400_000)


async def test_connections_that_never_were_connected_are_named_by_their_last_state(
    tmp_path: Path,
) -> None:
    def said(probe: str, connection: str, state: str) -> ProbeEvent:
        data = {"connection": connection, "state": state, "by_page": False}
        return ProbeEvent(probe, "connection", MONOTONIC_S + 3, "", data)

    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(
            run,
            *(said("p000", "a-0", state) for state in ("connecting", "failed")),
            *(said("p000", "a-1", state) for state in ("connecting", "connected", "failed")),
            *(said("p001", "b-0", state) for state in ("connecting", "closed")),
        )
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.never_connected == {"p000": {"a-0": "failed"}, "p001": {"b-0": "connecting"}}


async def test_a_stall_over_the_edge_of_a_window_counts_in_both_and_once(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(frozen=((18, 24),))), "p000", "inbound")
    assert first.stalled_ratio == pytest.approx(0.1, abs=0.01), "1 s by the poll at 19"
    assert second.stalled_ratio == pytest.approx(0.5, abs=0.01)
    assert first.frame_rate == pytest.approx(18)
    assert second.gap_s == pytest.approx(0), "packets came all along"


async def test_a_stall_that_never_ends_counts_as_it_goes_on(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(frozen=((12, 99),))), "p000", "inbound")
    assert first.stalled_ratio == pytest.approx(0.7)
    assert second.stalled_ratio == pytest.approx(1.0)
    assert second.frame_rate == 0


async def test_a_stall_before_the_hold_is_not_the_holds(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(frozen=((3, 12),))), "p000", "inbound")
    assert first.stalled_ratio == pytest.approx(0.3, abs=0.01)
    assert second.stalled_ratio == pytest.approx(0)


async def test_silence_is_a_gap_and_no_loss(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(silent=((20, 25.5),))), "p000", "inbound")
    assert first.gap_s == pytest.approx(0)
    assert second.gap_s == pytest.approx(5, abs=0.01)
    assert second.residual_loss_ratio == 0
    assert second.packets == pytest.approx(225, abs=1)


async def test_a_connection_that_is_gone_is_silence_not_unknown(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page(closed=((16, 99),)))
    first, second = windows(evidence, "p000", "inbound")
    assert first.polls == second.polls == 10
    assert first.frame_rate == pytest.approx(12)
    assert first.stalled_ratio == pytest.approx(0.4)
    assert first.gap_s == pytest.approx(4)
    assert (second.packets, second.bitrate_bps, second.frame_rate) == (0, 0, 0)
    assert (second.stalled_ratio, second.gap_s) == (1, 10)
    assert second.residual_loss_ratio is None
    (_, up) = windows(evidence, "p000", "outbound")
    assert (up.packets, up.bitrate_bps, up.stalled_ratio) == (0, 0, None)
    (_, audio) = windows(evidence, "p000", "inbound", "audio")
    assert (audio.packets, audio.frame_rate, audio.stalled_ratio) == (0, None, None)


async def test_an_encoder_short_of_cpu(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(cpu_limited=((25, 28),))), "p000", "outbound")
    assert first.quality_limited_by_cpu_ratio == 0
    assert second.quality_limited_by_cpu_ratio == pytest.approx(0.3)


# ---------------------------------------------------------------- troubles of a page


async def test_a_page_that_was_not_polled_is_unknown_not_silent(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page(unpolled=((8, 22),)))
    first, second = windows(evidence, "p000", "inbound")
    assert first.polls == 0
    assert first.packets is first.bitrate_bps is first.stalled_ratio is first.gap_s is None
    assert second.polls == 8
    # What came meanwhile counts when it is seen; rates are over the time in which it came.
    assert second.packets == 1100
    assert second.bitrate_bps == pytest.approx(400_000)
    assert second.frame_rate == pytest.approx(20)
    assert second.gap_s == pytest.approx(0)
    assert evidence.polls[0] == PollCount("p000", 20, 8, 0)


async def test_a_page_that_only_repeats_itself_is_unknown_not_silent(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(stuck=((9, 24),))), "p000", "inbound")
    assert first.polls == 10
    assert first.packets is first.bitrate_bps is first.stalled_ratio is first.gap_s is None
    assert second.packets == 1050
    assert second.bitrate_bps == pytest.approx(400_000)


async def test_polls_that_come_twice_count_once(tmp_path: Path) -> None:
    twice = await call(tmp_path / "twice", Page(repeated=((0, 99),)))
    once = await call(tmp_path / "once", Page())
    assert twice.intervals == once.intervals
    assert twice.polls == once.polls


async def test_late_polls_are_counted(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page(late=((14, 17),)))
    assert evidence.polls == (PollCount("p000", 20, 20, 3), PollCount("p001", 20, 20, 0))
    first, _ = windows(evidence, "p000", "inbound")
    assert first.bitrate_bps == pytest.approx(400_000)


async def test_counters_that_begin_anew_make_no_hole_and_no_peak(tmp_path: Path) -> None:
    first, second = windows(await call(tmp_path, Page(resets=(14.5,))), "p000", "inbound")
    assert first.packets == 450, "the second in which they fell is unknown"
    assert first.bitrate_bps == pytest.approx(400_000)
    assert first.frame_rate == pytest.approx(20)
    assert first.stalled_ratio == pytest.approx(0)
    assert second.packets == 500


async def test_a_page_that_is_loaded_anew_goes_on_as_the_same_stream(tmp_path: Path) -> None:
    evidence = await call(tmp_path, Page(reloads=(14.5,)))
    assert len(evidence.intervals) == 16
    first, second = windows(evidence, "p000", "inbound")
    assert first.bitrate_bps == pytest.approx(400_000)
    assert (first.track, second.track) == (0, 0)
    assert second.packets == 500


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
async def test_a_wall_clock_that_is_set_bends_no_figure(tmp_path: Path, jump_s: float) -> None:
    evidence = await call(tmp_path, Page(wall_jumps=((14.5, jump_s),)))
    for interval in windows(evidence, "p000", "inbound"):
        assert interval.bitrate_bps == pytest.approx(400_000, rel=1e-3)
        assert interval.frame_rate == pytest.approx(20, rel=1e-3)
        assert interval.stalled_ratio == pytest.approx(0, abs=1e-3)
        assert interval.polls == 10


# ---------------------------------------------------------------- who was in, and for how long


async def record_joins(
    run: RunRecording, *events: ProbeEvent, joined: bool = True, own_app: bool = False
) -> None:
    async with run.trial(replace(call_plan(), own_app=own_app)) as trial:
        trial.clock(clock_reading())
        trial.phase("hold", 10.0)
        trial.join(JoinOutcome("p000", "s000", joined, None, None if joined else "timeout"))
        for event in events:
            trial.event(event)
        trial.phase("leave", 20.0)


async def test_a_probe_that_never_joined_owes_neither_polls_nor_streams(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, joined=False)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.polls == ()
    assert evidence.intervals == ()
    assert [outcome.reason for outcome in evidence.joins] == ["timeout"]
    assert {setup.setup_s for setup in evidence.setups} == {None}


async def test_a_probe_that_joined_and_says_nothing_is_missed(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.polls == (PollCount("p000", 10, 0, 0),)
    assert [(interval.polls, interval.packets) for interval in evidence.intervals] == [
        (0, None)
    ] * 4


def poll(probe: str, second: int, *states: str) -> PageReport:
    """A poll of a page with connections in these states."""
    at_s = MONOTONIC_S + second
    connections = tuple(
        ConnectionReport(f"a-{n}", state, None, (), ()) for n, state in enumerate(states)
    )
    return PageReport(probe, WALL_S + second, at_s, WALL_S + second, 0.0, connections)


async def test_a_page_that_joined_and_made_no_connection_is_told_with_the_last_step(
    tmp_path: Path,
) -> None:
    step = "app.yaml:6: join step 1, goto {app_url}"
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan(4)) as trial:
            trial.clock(clock_reading())
            trial.phase("hold", 10.0)
            for probe in ("p000", "p001", "p002", "p003"):
                trial.join(JoinOutcome(probe, "s000", True, 1.0))
                trial.event(ProbeEvent(probe, "joined", MONOTONIC_S + 4, "", {"step": step}))
            closed = {"connection": "a-0", "state": "closed", "by_page": True}
            trial.event(ProbeEvent("p002", "connection", MONOTONIC_S + 6, "", closed))
            for second in range(1, 19):
                trial.page_report(poll("p000", second))
                trial.page_report(poll("p001", second, *(["new"] if second == 9 else [])))
                trial.page_report(poll("p002", second))
            trial.phase("leave", 20.0)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert set(evidence.no_connection) == {"p000"}  # nothing is known of p003
    silent = evidence.no_connection["p000"]
    assert silent.seen_s == pytest.approx(14)
    assert silent.step == step


async def test_setup_is_per_kind_and_never_guessed(tmp_path: Path) -> None:
    def setup(probe: str, kind: str, setup_s: float | None) -> ProbeEvent:
        return ProbeEvent(probe, "setup", MONOTONIC_S + 9, "", {"kind": kind, "setup_s": setup_s})

    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(
            run,
            ProbeEvent("p000", "joining", MONOTONIC_S + 5),
            setup("p000", "audio", 0.25),
            setup("p000", "video", None),
            setup("p001", "video", 1.5),
            setup("p001", "video", 0.5),
        )
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert [(each.probe, each.kind, each.setup_s) for each in evidence.setups] == [
        ("p000", "audio", 0.25),
        ("p000", "video", 4.0),  # the offer was not seen: since the driver's first step
        ("p001", "audio", None),
        ("p001", "video", 0.5),
    ]


async def test_each_of_several_owed_streams_has_its_own_setup(tmp_path: Path) -> None:
    plan = call_plan()
    session = plan.sessions[0]
    caller = replace(session.probes[0], receives=("video", "video"))
    plan = replace(plan, sessions=(replace(session, probes=(caller,)),))
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(plan) as trial:
            for setup_s in (0.5, 2.5):
                data = {"kind": "video", "setup_s": setup_s}
                trial.event(ProbeEvent("p000", "setup", MONOTONIC_S, "", data))
    setups = evidence_of(RunReader.open(run.path).trial(0)).setups
    assert [(each.track, each.setup_s) for each in setups] == [(0, 0.5), (1, 2.5)]


async def test_a_hold_that_a_fault_cut_short_ends_there(tmp_path: Path) -> None:
    fault = Fault("server_died", 24.0, "the media server is gone")
    pages = Page("p000", seconds=28, closed=((24, 99),)), Page("p001", seconds=28)
    evidence = evidence_of(await recorded(tmp_path, *pages, hold=(10.0, 28.0), fault=fault))
    assert evidence.faults == (fault,)
    (only,) = windows(evidence, "p000", "inbound")
    assert (only.start_s, only.end_s) == (10.0, 24.0)
    assert only.frame_rate == pytest.approx(20)


async def test_a_hold_goes_on_when_the_server_can_be_sampled_no_more(tmp_path: Path) -> None:
    fault = Fault("sampling_lost", 12.0, "ssh")
    pages = Page("p000", seconds=31), Page("p001", seconds=31)
    evidence = evidence_of(await recorded(tmp_path, *pages, fault=fault))
    assert [interval.end_s for interval in windows(evidence, "p000", "inbound")] == [20.0, 31.0]


async def test_a_trial_that_a_crash_cut_short_ends_with_its_last_poll(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.clock(clock_reading())
            trial.phase("hold", 10.0)
            for report in page_reports(Page("p000", seconds=17)):
                trial.page_report(report)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    (only,) = windows(evidence, "p000", "inbound")
    assert only.end_s == pytest.approx(17, abs=0.1)


async def test_a_trial_without_a_hold_has_no_intervals(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.phase("ramp", 0.0)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.intervals == ()
    assert evidence.polls == ()
    assert len(evidence.setups) == 4


async def test_a_crashed_browser_is_a_fault_of_its_session(tmp_path: Path) -> None:
    crash = ProbeEvent("p001", "crashed", MONOTONIC_S + 12, "the renderer is gone")
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, crash)
        evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.faults == (
        Fault("browser_crashed", 12.0, "p001: the renderer is gone", session="s000"),
    )


@pytest.mark.parametrize(("left_at", "all_left_s"), [(21, 21.0), (None, None)])
async def test_all_have_left_when_each_that_joined_has(
    tmp_path: Path, left_at: float | None, all_left_s: float | None
) -> None:
    left = [] if left_at is None else [ProbeEvent("p000", "left", MONOTONIC_S + left_at)]
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, *left)
    assert evidence_of(RunReader.open(run.path).trial(0)).all_left_s == all_left_s


async def test_a_light_probe_that_had_to_stay_full_is_named_once(tmp_path: Path) -> None:
    said = [
        ProbeEvent("p000", "fidelity", MONOTONIC_S + 1, "light", {"fidelity": "light"}),
        *(
            ProbeEvent("p001", "fidelity", MONOTONIC_S + 2, "", {"fidelity": "full", "reason": why})
            for why in ("3 simulcast layers", "no prepared frames for H264")
        ),
    ]
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, *said)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.stayed_full == (("p001", "3 simulcast layers"),)
    assert evidence.without_key_frame == ()
    assert evidence.faults == ()


async def test_what_the_browser_of_a_light_probe_refused_is_told_once(tmp_path: Path) -> None:
    said = [
        ProbeEvent(probe, "fidelity", MONOTONIC_S + 4, "", {"fidelity": fidelity, "reason": why})
        for probe, fidelity, why in (
            ("p000", "light", "no key frame when asked (InvalidStateError: no)"),
            ("p001", "full", "no prepared frames for video/VP9"),
            ("p001", "tiny", "OperationError: no"),
            ("p001", "tiny", "OperationError: no"),
        )
    ]
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, *said)
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    assert evidence.without_key_frame == (
        ("p000", "no key frame when asked (InvalidStateError: no)"),
    )
    (fault,) = evidence.faults
    assert (fault.what, fault.session) == ("light_probe", "s000")
    assert "(OperationError: no)" in fault.message


async def test_pictures_that_a_light_probe_lost_are_its_own_fault(tmp_path: Path) -> None:
    data = {"fidelity": "lost", "reason": "TypeError: no"}
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, ProbeEvent("p001", "fidelity", MONOTONIC_S + 4, "", data))
    evidence = evidence_of(RunReader.open(run.path).trial(0))
    (fault,) = evidence.faults
    assert (fault.what, fault.session) == ("light_probe", "s000")
    assert fault.message == "p001: a light probe lost pictures within its browser (TypeError: no)"
    assert evidence.stayed_full == ()


async def test_probes_that_play_no_audio_are_named_once_each(tmp_path: Path) -> None:
    said = [
        ProbeEvent(probe, "audio", MONOTONIC_S + 2, "", {"played": played})
        for probe, played in (("p001", False), ("p001", False), ("p000", True))
    ]
    with new_run(tmp_path, FakeClock()) as run:
        await record_joins(run, *said)
    assert evidence_of(RunReader.open(run.path).trial(0)).unplayed == ("p001",)


async def test_a_socket_to_our_own_app_that_broke_is_the_apps_fault(tmp_path: Path) -> None:
    closed = [
        ProbeEvent(
            "p000", "socket_closed", MONOTONIC_S + at_s, f"closed with {code}", {"code": code}
        )
        for at_s, code in ((11, 1000), (12, 1006), (21, 1006))  # the last one while probes leave
    ]
    faults = []
    for own_app in (True, False):
        with new_run(tmp_path / str(own_app), FakeClock()) as run:
            await record_joins(run, *closed, own_app=own_app)
        faults.append(evidence_of(RunReader.open(run.path).trial(0)).faults)
    ours, theirs = faults
    message = "p000: its socket to the demo app broke: closed with 1006"
    assert ours == (Fault("app_died", 12.0, message, session="s000"),)
    assert theirs == ()
