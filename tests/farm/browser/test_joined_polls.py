"""One report a period of a probe, whatever its tabs and frames do, and never half of one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.browser.joined_polls import PATIENT_PERIODS, JoinedPolls
from farm.model.page_samples import ConnectionReport, PageReport

OPENER, POPUP = (0, 0), (1, 0)
CHILD = (0, 1)


def report(at_s: float, *names: str, late_s: float = 0.0, state: str = "connected") -> PageReport:
    connections = (ConnectionReport(name, state, None, (), ()) for name in names)
    return PageReport("p000", at_s, at_s, 1e9 + at_s, late_s, tuple(connections))


def names(made: PageReport | None) -> list[str] | None:
    return None if made is None else [each.connection for each in made.connections]


def test_a_tab_that_opens_a_call_elsewhere_has_one_report_a_period_with_it() -> None:
    polls = JoinedPolls(1.0)
    assert names(polls.polled(OPENER, 1, report(1.0))) == []
    assert names(polls.polled(POPUP, 1, report(1.1, "call"))) is None, "this period is reported"
    assert names(polls.polled(OPENER, 2, report(2.0))) is None, "the popup's is not there yet"
    assert names(polls.polled(POPUP, 2, report(2.1, "call"))) == ["call"]
    assert names(polls.polled(POPUP, 3, report(3.0, "call"))) == ["call"]
    assert names(polls.polled(OPENER, 3, report(3.1))) is None, "no call in it, none is missing"
    assert names(polls.polled(OPENER, 4, report(4.0))) is None
    assert names(polls.polled(POPUP, 4, report(4.1, "call"))) == ["call"]


def test_two_tabs_with_connections_wait_for_each_other() -> None:
    polls = JoinedPolls(1.0)
    for period in (1, 2, 3):
        first, second = (OPENER, POPUP) if period % 2 else (POPUP, OPENER)
        polls.polled(first, period, report(period, f"of-{first[0]}"))
        made = polls.polled(second, period, report(period + 0.2, f"of-{second[0]}", late_s=0.2))
        if period > 1:
            assert sorted(names(made) or ()) == ["of-0", "of-1"]
            assert made is not None
            assert (made.late_s, made.page_time_s) == (0.2, period + 0.2)


def test_a_late_tab_makes_one_late_report_and_the_next_is_in_step_again() -> None:
    polls = JoinedPolls(1.0)
    polls.polled(OPENER, 1, report(1.0, "a"))
    polls.polled(POPUP, 1, report(1.1, "b"))
    polls.polled(OPENER, 2, report(2.0, "a"))
    assert names(polls.polled(POPUP, 2, report(2.0, "b"))) == ["a", "b"]
    assert polls.polled(OPENER, 3, report(3.0, "a", "closed")) is None
    assert polls.polled(OPENER, 4, report(4.0, "a")) is None
    made = polls.polled(POPUP, 4, report(4.6, "b", late_s=1.6))
    assert names(made) == ["a", "closed", "b"], "what was reported once is not lost"
    assert made is not None
    assert made.late_s == 1.6
    assert polls.polled(POPUP, 5, report(5.0, "b")) is None
    assert names(polls.polled(OPENER, 5, report(5.1, "a"))) == ["a", "b"]


def test_whichever_tab_closes_the_other_goes_on() -> None:
    for closes, stays in ((OPENER, POPUP), (POPUP, OPENER)):
        polls = JoinedPolls(1.0)
        polls.polled(OPENER, 1, report(1.0, "of-0"))
        polls.polled(POPUP, 1, report(1.0, "of-1"))
        polls.polled(OPENER, 2, report(2.0, "of-0"))
        polls.polled(POPUP, 2, report(2.0, "of-1"))
        polls.polled(stays, 3, report(3.0, f"of-{stays[0]}"))
        assert names(polls.closed(closes[0], 3.2)) == [f"of-{stays[0]}"], "nobody is waited for"
        assert names(polls.polled(stays, 4, report(4.0, f"of-{stays[0]}"))) == [f"of-{stays[0]}"]
        assert polls.in_call == {stays[0]}


def test_the_last_poll_of_a_closed_tab_are_in_the_next_report() -> None:
    polls = JoinedPolls(1.0)
    polls.polled(OPENER, 1, report(1.0, "a"))
    polls.polled(POPUP, 1, report(1.0, "b"))
    polls.polled(OPENER, 2, report(2.0, "a"))
    polls.polled(POPUP, 2, report(2.0, "b"))
    assert polls.polled(POPUP, 3, report(3.0, "b")) is None
    assert polls.closed(POPUP[0], 3.1) is None
    assert names(polls.polled(OPENER, 3, report(3.2, "a"))) == ["b", "a"]


def test_a_tab_that_falls_silent_is_not_waited_for_for_ever() -> None:
    polls = JoinedPolls(1.0)
    polls.polled(OPENER, 1, report(1.0, "a"))
    polls.polled(POPUP, 1, report(1.0, "b"))
    polls.polled(OPENER, 2, report(2.0, "a"))
    polls.polled(POPUP, 2, report(2.0, "b"))
    made = [names(polls.polled(OPENER, at, report(at, "a"))) for at in range(3, 20)]
    silent = PATIENT_PERIODS
    assert made[:silent] == [None] * silent
    assert made[silent:] == [["a"]] * (17 - silent)


def test_a_clock_that_was_set_back_costs_one_report() -> None:
    polls = JoinedPolls(1.0)
    assert polls.polled(OPENER, 100, report(1.0)) is not None
    made = [polls.polled(OPENER, 50 + at, report(at)) for at in range(2, 6)]
    assert [each is not None for each in made] == [False, True, True, True]


def test_the_call_of_a_child_frame_is_in_each_report_though_its_poll_comes_later() -> None:
    polls = JoinedPolls(1.0)
    assert names(polls.polled(OPENER, 1, report(1.0))) == []
    assert polls.polled(CHILD, 1, report(1.1, "call")) is None, "this period is reported"
    for period in range(2, 6):
        ahead, late = period + 0.0, period + 0.3
        first, second = (ahead, late) if period % 2 else (late, ahead)
        polled = [(first, CHILD, report(first, "call")), (second, OPENER, report(second))]
        made = [
            polls.polled(place, period, each)
            for _at, place, each in sorted(polled, key=lambda p: p[0])
        ]
        assert [names(each) for each in made if each is not None] == [["call"]]
    assert polls.in_call == {0}


def test_a_child_frame_that_ends_its_call_or_is_removed_is_not_waited_for() -> None:
    for ends in ("closed", "removed", "another document"):
        polls = JoinedPolls(1.0)
        polls.polled(OPENER, 1, report(1.0))
        polls.polled(CHILD, 1, report(1.1, "call"))
        assert names(polls.polled(CHILD, 2, report(2.0, "call"))) == ["call"]
        polls.polled(OPENER, 2, report(2.1))
        if ends == "closed":
            polls.polled(CHILD, 3, report(3.0, "call", state="closed"))
        elif ends == "removed":
            assert polls.removed(CHILD, 2.5) is None
        else:
            polls.polled(CHILD, 3, report(3.0))
        assert polls.polled(OPENER, 3, report(3.1)) is not None, ends
        assert polls.polled(OPENER, 4, report(4.1)) is not None, ends
        assert polls.in_call == frozenset()


def test_a_report_that_waits_for_a_child_frame_comes_as_that_is_removed() -> None:
    polls = JoinedPolls(1.0)
    polls.polled(OPENER, 1, report(1.0, "a"))
    polls.polled(CHILD, 1, report(1.1, "b"))
    polls.polled(OPENER, 2, report(2.0, "a"))
    assert names(polls.polled(CHILD, 2, report(2.1, "b"))) == ["a", "b"]
    assert polls.polled(OPENER, 3, report(3.0, "a")) is None
    assert names(polls.removed(CHILD, 3.2)) == ["a"]
    assert polls.removed(CHILD, 3.3) is None


@given(
    st.lists(st.tuples(*[st.floats(0, 0.4)] * 3), min_size=3, max_size=30),
    st.booleans(),
)
def test_in_any_order_each_period_has_one_whole_report(
    delays: list[tuple[float, float, float]], framed: bool
) -> None:
    polls = JoinedPolls(1.0)
    arriving = []
    for period, (of_opener, of_popup, of_child) in enumerate(delays):
        arriving.append((period + of_opener, OPENER, period, "a"))
        arriving.append((period + of_popup, POPUP, period, "b"))
        if framed:
            arriving.append((period + of_child, CHILD, period, "c"))
    made = []
    for at_s, place, period, name in sorted(arriving, key=lambda each: each[0]):
        whole = polls.polled(place, period, report(at_s, name))
        if whole is not None:
            made.append((int(at_s), names(whole)))
    whole_periods = [(period, held) for period, held in made if period > 0]
    wanted = {"a", "b", "c"} if framed else {"a", "b"}
    assert [period for period, _held in whole_periods] == list(range(1, len(delays)))
    assert all(wanted <= set(held or ()) for _period, held in whole_periods)
