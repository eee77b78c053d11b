"""Tables of a trial: the worst are shown, all are written, unknown is no number."""

from __future__ import annotations

from dataclasses import replace

from farm.model.trial_evidence import JoinOutcome, Phases
from farm.model.verdict import Reason
from reports.text.table import OF_VIDEO, SHOWN_ROWS, Cell
from reports.text.trial_tables import probe_table, reasons_table, session_table
from tests.reports.made_series import made_trial
from tests.synthetic import call_plan


def test_few_probes_are_shown_in_their_order() -> None:
    table = probe_table(call_plan(2), made_trial(4), [], [], "probes").shown()
    assert [row[0].text for row in table.rows] == ["p000", "p001", "p002", "p003"]
    assert table.total is None


def test_of_many_probes_those_in_a_reason_and_the_lossy_come_first() -> None:
    reasons = [Reason("stalled", "p042 stood still", probe="p042", session="s021")]
    whole = probe_table(call_plan(200), made_trial(400), [], reasons, "probes")
    table = whole.shown()
    assert len(whole.rows) == 400
    assert len(table.rows) == SHOWN_ROWS
    assert table.total == 400
    assert [row[0].text for row in table.rows[:3]] == ["p042", "p399", "p398"]


def test_a_probe_that_could_not_join_says_why_and_sorts_last() -> None:
    joins = [JoinOutcome("p001", "s000", False, reason="signalling")]
    rows = probe_table(call_plan(2), made_trial(4), joins, [], "probes").rows
    assert rows[1][4].text == "no: signalling"
    assert rows[1][4].sort == float("inf")
    assert rows[0][4].text == "unknown"
    assert rows[0][4].sort is None


def test_columns_of_video_are_left_out_where_nothing_is_known_of_it() -> None:
    table = probe_table(call_plan(2), made_trial(4), [], [], "probes")
    assert table.without(OF_VIDEO) == table
    rows = tuple((*row[:8], Cell("unknown"), *row[9:]) for row in table.rows)
    headings = [each.text for each in replace(table, rows=rows).without(OF_VIDEO).headings]
    assert table.headings[8].text == "video received"
    assert headings == [each.text for each in (*table.headings[:8], *table.headings[9:])]


def test_the_end_of_the_server_is_a_reason_of_every_session() -> None:
    died = [Reason("server_died", "the media server is gone")]
    table = session_table("one_to_one", made_trial(4), died, ["s001", "s000"], "sessions")
    assert [row[-1].text for row in table.rows] == ["the media server is gone"] * 2


def test_a_session_stands_by_its_weakest_probe() -> None:
    reasons = [Reason("residual_loss", "p003 lost too much", probe="p003", session="s001")]
    table = session_table("one_to_one", made_trial(4), reasons, ["s001", "s000"], "sessions")
    good, bad = table.rows
    assert good[-1].text == "none"
    assert bad[-1].text == "p003 lost too much"
    video = next(i for i, each in enumerate(table.headings) if each.text == "video received")
    assert good[video].text == "495 kbit/s"
    assert bad[video].text == "373 kbit/s"


def test_reasons_without_a_value_leave_it_empty() -> None:
    (row,) = reasons_table([replace(Reason("join", "no picture"), at_s=12.0)], Phases()).rows
    assert [cell.text for cell in row] == ["no picture", "", "", "", "", "", "", "at 12 s"]


def test_a_reason_says_whom_the_stream_comes_from() -> None:
    reason = Reason(
        "gap", "silence", "p000", "s000", "inbound video", 9.0, 2.0, 30.0, "p001 or p002"
    )
    table = reasons_table([reason, replace(reason, worst_at_s=50.0)], Phases(hold_s=20.0))
    assert table.headings[-1].text == "when (of the hold)"
    assert table.rows[0][-1].text == "window from 10 s"
    assert table.rows[1][-1].text == "window from 10 s, the worst from 30 s"
    place = [heading.text for heading in table.headings].index("sender")
    assert table.rows[0][place].text == "p001 or p002"


def test_the_slowest_of_several_videos_is_named_and_bitrates_are_said_to_be_sums() -> None:
    trial = made_trial(4)
    several = replace(trial.by_probe, slowest=("", "from p003", "", ""))
    table = probe_table(call_plan(2), replace(trial, by_probe=several), [], [], "probes")
    place = [heading.text for heading in table.headings].index("frames/s")
    assert table.rows[1][place].text.endswith(" from p003")
    assert "bitrates of several streams together" in table.caption
    assert "together" not in probe_table(call_plan(2), trial, [], [], "probes").caption
