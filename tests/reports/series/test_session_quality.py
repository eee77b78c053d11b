"""How near sessions came to the limits, and what is told of the worst of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from farm.model.criteria import Criteria
from farm.model.trial_evidence import JoinOutcome, TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.verdict import Reason
from farm.verdict import judge
from farm.verdict.baseline import baseline_of
from reports.figures.session_map import ROWS, session_map
from reports.series.by_probe import session_windows, viewer_windows
from reports.series.session_quality import CAUSES, cause_text, session_quality, with_reasons
from reports.text.session_sections import session_sections, worst_sessions
from tests.farm.trial_evidence import good, losing, spoilt, stream
from tests.reports.made_channels import made_quality
from tests.reports.made_series import made_windows

_FIGURES = (
    "lost",
    "lost_packets",
    "repaired",
    "repaired_packets",
    "frozen",
    "gap_s",
    "frames_lacking",
)


def test_a_limit_is_one_and_the_worst_cause_stands_for_a_window() -> None:
    quality = made_quality(4)
    assert quality.used[1, 4] == pytest.approx(5.0)
    assert CAUSES[quality.cause[1, 4]] == "lost packets"
    assert quality.peaks[0] == pytest.approx(0.4)
    assert list(quality.worst_first()) == [1, 0]


def test_of_a_session_that_was_seen_in_part_no_more_is_said() -> None:
    evidence = good(windows=4)
    quality = session_quality(
        session_windows(evidence.plan, evidence.intervals, evidence.joins), Criteria()
    )

    def why(used: np.ndarray) -> str:
        (section,) = session_sections(
            evidence, replace(quality, used=used), (), ["s000"], prefix="trial", poll_s=1.0
        )
        return section.why

    used = np.zeros(quality.used.shape)
    assert why(used) == "no part of any limit was used"
    used[0, 2] = np.nan
    assert why(used) == "no part of any limit was used, as far as it was seen (1 window not)"
    used[0, 1] = 0.5
    assert why(used).startswith("within all limits, as far as it was seen (1 window not), at most")


def test_a_handful_of_lost_packets_breaks_no_limit() -> None:
    windows = made_windows(4)
    three = np.full(windows.lost.shape, 3.0)
    still = np.zeros(windows.lost.shape)
    few = replace(
        windows,
        lost_packets=three,
        repaired_packets=three,
        frozen=still,
        frames_lacking=still,
    )
    quality = session_quality(few, Criteria())
    assert np.nanmax(quality.used) == 1.0


def test_what_nobody_saw_is_unknown_and_who_never_joined_comes_first() -> None:
    windows = made_windows(6, spoilt=True)
    unseen = np.full(windows.lost.shape, np.nan)
    unseen[1:] = 0.0
    absent = replace(
        windows,
        **dict.fromkeys(_FIGURES, unseen),
        absent=(("p000",), (), ()),
    )
    quality = session_quality(absent, Criteria())
    assert np.isnan(quality.used[0]).all()
    assert quality.worst_first()[0] == 0
    assert session_map(quality).get_suptitle().replace("\n", " ") == (
        "No window that was seen (6 of 18 were not) of 3 sessions went beyond a limit; 1 session "
        "had a probe that never joined"
    )


def test_of_many_sessions_the_worst_have_rows_and_all_have_their_share() -> None:
    above, below, *_ = session_map(made_quality(2000)).axes
    assert above.get_ylabel() == "% of all\nsessions"
    names = [label.get_text() for label in below.get_yticklabels()]
    assert len(names) == ROWS
    assert names[0] == "s999: p1998, p1999"


def test_the_viewers_of_a_broadcast_stand_each_for_itself() -> None:
    evidence = good("broadcast", 6)
    windows = viewer_windows(evidence.plan, evidence.intervals, evidence.joins)
    assert windows is not None
    viewers = [probe.probe for probe in evidence.plan.probes if not probe.sends]
    assert list(windows.sessions) == viewers
    assert windows.unit == "viewer"
    assert np.isfinite(windows.lost).all()
    call = good()
    assert viewer_windows(call.plan, call.intervals, call.joins) is None


def test_a_session_that_a_reason_names_is_beyond_a_limit() -> None:
    quality = made_quality(4, spoilt=False)
    assert np.nanmax(quality.peaks) < 1
    first_s = quality.windows.start_s[0]
    for code, word in (
        ("pixels", "coarse pictures"),
        ("setup", "began late or never"),
        ("left", "gone: its page left"),
        ("delivered", "delivered too little"),
        ("gap", "silence"),
    ):
        reason = Reason(code, "bad", "p002", "s001", value=4.0, limit=2.0, at_s=first_s + 12)
        told = with_reasons(quality, [reason])
        assert told.used[1, 1] == 2
        assert CAUSES[told.cause[1, 1]] == word
        assert told.peaks[0] < 1
        title = session_map(told).get_suptitle().replace("\n", " ")
        shown = f"1 of 2 sessions went beyond a limit; the worst is s001: {cause_text(word)}"
        assert shown in title


@pytest.mark.parametrize(
    ("code", "direction", "figures"),
    [
        ("delivered", "inbound", ({"bitrate_bps": 300e3}, {"bitrate_bps": 150e3})),
        ("pixels", "inbound", ({"frame_width": 240}, {"frame_width": 160})),
        ("frame_height", "inbound", ({"frame_height": 300}, {"frame_height": 200})),
        ("target_bitrate", "outbound", ({"target_bitrate_bps": 3e5}, {"target_bitrate_bps": 1e5})),
        ("frame_rate", "inbound", ({"frame_rate": 12.0}, {"frame_rate": 6.0})),
        ("frame_rate", "outbound", ({"frame_rate": 12.0}, {"frame_rate": 6.0})),
        ("residual_loss", "inbound", (losing(0.05), losing(0.2))),
        ("repair", "inbound", ({"repair_ratio": 0.1}, {"repair_ratio": 0.5})),
        ("stalled", "inbound", ({"stalled_ratio": 0.2}, {"stalled_ratio": 0.6})),
        ("gap", "inbound", ({"gap_s": 3.0}, {"gap_s": 6.0})),
    ],
)
def test_a_limit_is_darkest_in_the_window_in_which_it_was_broken_most(
    code: str, direction: Direction, figures: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    bad, worst = figures
    call = spoilt(good(windows=5), stream("p000", direction, "video", (1, 3), **bad))
    call = spoilt(call, stream("p000", direction, "video", (2,), **worst))
    criteria = Criteria(frame_height=360)
    baseline = baseline_of([good(index=0), good(index=1)])
    reasons = judge(call, criteria, baseline=baseline).reasons
    assert code in {each.code for each in reasons}
    only = [each for each in reasons if each.code == code]
    windows = session_windows(call.plan, call.intervals, call.joins)
    quality = with_reasons(session_quality(windows, criteria), only)
    (row,) = quality.used
    assert int(np.nanargmax(row)) == 2
    assert row[2] > 1


def test_a_reason_of_an_older_recording_is_where_it_began() -> None:
    quality = made_quality(4, spoilt=False)
    first_s = quality.windows.start_s[0]
    reason = Reason("delivered", "bad", "p002", "s001", value=0.5, limit=0.95, at_s=first_s + 12)
    assert int(np.nanargmax(with_reasons(quality, [reason]).used[1])) == 1


def test_no_two_limits_begin_with_the_same_letter_on_the_map() -> None:
    texts = [cause_text(cause) for cause in CAUSES]
    assert "video frozen" in texts
    assert len({text[0].upper() for text in texts}) == len(CAUSES)


def test_what_the_windows_tell_a_reason_does_not_tell_again() -> None:
    quality = made_quality(4)
    reason = Reason("residual_loss", "bad", "p002", "s001", value=0.9, limit=0.01, at_s=0.0)
    assert np.array_equal(with_reasons(quality, [reason]).used, quality.used)


def test_a_stream_that_does_not_come_is_no_picture_that_stands_still() -> None:
    gone = {"packets": 0, "stalled_ratio": 1.0, "gap_s": 10.0}
    call = spoilt(good(windows=4), stream("p000", "inbound", "video", (2, 3), **gone))
    windows = session_windows(call.plan, call.intervals, call.joins)
    quality = session_quality(windows, Criteria())
    assert [CAUSES[each] for each in quality.cause[0, 2:]] == ["missing stream"] * 2
    assert quality.used[0, 2] == pytest.approx(20)
    assert session_map(quality).get_suptitle().endswith("missing stream")


def test_a_reason_of_a_presenter_is_told_where_each_viewer_has_a_row() -> None:
    evidence = good("broadcast", 6)
    windows = viewer_windows(evidence.plan, evidence.intervals, evidence.joins)
    assert windows is not None
    reason = Reason("target_bitrate", "low", "p000", "s000", value=1.0, limit=2.0, at_s=30.0)
    told = with_reasons(session_quality(windows, Criteria()), [reason])
    assert session_map(told).get_suptitle().replace("\n", " ") == (
        "No window of 5 viewers went beyond a limit; the reasons name p000"
    )


def sections_of(evidence: TrialEvidence, reasons: list[Reason]) -> list[list[str]]:
    windows = session_windows(evidence.plan, evidence.intervals, evidence.joins)
    quality = session_quality(windows, Criteria())
    names = worst_sessions(quality, reasons)
    told = session_sections(evidence, quality, reasons, names, prefix="trial-000", poll_s=1.0)
    return [[each.session, each.anchor, each.why, *each.reasons] for each in told]


def test_a_session_in_a_reason_comes_before_all_others() -> None:
    evidence = good(load=6)
    last = evidence.plan.sessions[-1].session
    reason = Reason("stalled", "it was frozen", session=last)
    first, *_ = sections_of(evidence, [reason])
    assert first[0] == last
    assert first[1] == f"trial-000-{last}"
    assert first[3:] == ["it was frozen"]


def test_a_probe_without_a_stream_says_why() -> None:
    evidence = good(load=6)
    session = evidence.plan.sessions[0]
    mine = {probe.probe for probe in session.probes}
    joins = tuple(
        JoinOutcome(probe, session.session, False, reason="timeout", message="no")
        for probe in sorted(mine)
    )
    gone = replace(
        evidence,
        intervals=[each for each in evidence.intervals if each.probe not in mine],
        joins=joins,
    )
    quality = session_quality(session_windows(gone.plan, gone.intervals, joins), Criteria())
    (told,) = session_sections(gone, quality, [], [session.session], prefix="trial-000", poll_s=1.0)
    assert told.table.rows[0][2].text == "never joined: timeout"
    assert told.why.endswith("never joined")
    assert told.table.traced is not None
    assert told.table.traced.tables == ("events",)
