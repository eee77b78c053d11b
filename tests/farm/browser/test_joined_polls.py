"""One report a period of a probe, whatever its tabs and frames do, and never half of one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.browser.joined_polls import PATIENT_PERIODS, JoinedPolls
from farm.model.page_samples import ConnectionReport, PageReport

OPENER, POPUP = 0, 1


def report(at_s: float, *names: str, late_s: float = 0.0) -> PageReport:
    connections = (ConnectionReport(name, "connected", None, (), ()) for name in names)
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
        polls.polled(first, period, report(period, f"of-{first}"))
        made = polls.polled(second, period, report(period + 0.2, f"of-{second}", late_s=0.2))
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
        polls.polled(stays, 3, report(3.0, f"of-{stays}"))
        assert names(polls.closed(closes, 3.2)) == [f"of-{stays}"], "nobody is waited for"
        assert names(polls.polled(stays, 4, report(4.0, f"of-{stays}"))) == [f"of-{stays}"]
        assert polls.in_call == {stays}


def test_the_last_poll_of_a_closed_tab_are_in_the_next_report() -> None:
    polls = JoinedPolls(1.0)
    polls.polled(OPENER, 1, report(1.0, "a"))
    polls.polled(POPUP, 1, report(1.0, "b"))
    polls.polled(OPENER, 2, report(2.0, "a"))
    polls.polled(POPUP, 2, report(2.0, "b"))
    assert polls.polled(POPUP, 3, report(3.0, "b")) is None
    assert polls.closed(POPUP, 3.1) is None
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


@given(
    st.lists(
        st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.booleans()), min_size=3, max_size=30
    )
)
def test_in_any_order_each_period_has_one_whole_report(
    delays: list[tuple[float, float, bool]],
) -> None:
    polls = JoinedPolls(1.0)
    arriving = []
    for period, (of_opener, of_popup, framed) in enumerate(delays):
        arriving.append((period + of_opener, OPENER, period, "a"))
        arriving.append((period + of_popup, POPUP, period, "b"))
        if framed:
            arriving.append((period + of_popup - 0.05, POPUP, None, "c"))
    made = []
    for at_s, tab, period, name in sorted(arriving, key=lambda each: each[0]):
        whole = polls.polled(tab, period, report(at_s, name))
        if whole is not None:
            made.append((int(at_s), names(whole)))
    whole_periods = [(period, held) for period, held in made if period > 0]
    assert [period for period, _held in whole_periods] == list(range(1, len(delays)))
    assert all({"a", "b"} <= set(held or ()) for _period, held in whole_periods)
