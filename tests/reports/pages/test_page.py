"""What the page shows: which trials decide, what failed, what the pages said."""

from __future__ import annotations

from dataclasses import replace

from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.verdict import Outcome
from farm.recording.events import SeenEvent
from reports.pages.page import (
    deciding_trials,
    failures,
    page_messages,
    role_caption,
    role_screenshots,
)
from tests.reports.made_results import PHASES, PLAN, result


def test_the_deciding_trials_are_the_best_and_the_first_to_fail() -> None:
    trials = [
        result(index=0, load=2),
        result(index=1, load=4),
        result(index=2, load=8),
        result(Outcome.FAIL, index=3, load=8),
        result(Outcome.FAIL, index=4, load=16),
    ]
    assert deciding_trials(trials, None) == {2, 3}
    assert deciding_trials(trials, 4) == {1, 3}


def test_where_none_failed_the_invalid_trial_decides() -> None:
    trials = [result(index=0), result(Outcome.INVALID, index=1)]
    assert deciding_trials(trials, 4) == {0, 1}
    assert deciding_trials([], None) == frozenset()


def seen(probe: str, kind: str, message: str = "", **data: object) -> SeenEvent:
    return SeenEvent(ProbeEvent(probe, kind, 0.0, message, data), 5.0)  # type: ignore[arg-type]


def test_failures_come_in_the_order_of_time() -> None:
    found = failures(
        PLAN,
        PHASES,
        [
            JoinOutcome("p001", "s000", False, reason="timeout", message="no answer", at_s=3.0),
            JoinOutcome("p000", "s000", True, 1.0, at_s=1.0),
        ],
        [
            seen("p001", "failed", "no answer", screenshot="p001-timeout.png"),
            seen("p002", "crashed", "the renderer is gone"),
            seen("p000", "after_join", "late", reason="timeout", screenshot="p000-after.png"),
            seen("p000", "after_join", "click #mute", number=0),
        ],
        [Fault("sampling_lost", 1.0, "no answer for 60 s")],
    )
    assert [(each.what, each.file) for each in found] == [
        ("sampling lost", None),
        ("could not join (timeout)", "p001-timeout.png"),
        ("crashed", None),
        ("failed in the hold (timeout)", "p000-after.png"),
    ]
    assert found[1].who == "p001, callee of s000"
    assert found[1].when == "11 s before the hold"


def test_what_befell_many_alike_is_told_once() -> None:
    joins = [
        JoinOutcome(
            f"p{n:03d}", "s000", False, reason="timeout", message=f"p{n:03d} waited 15 s", at_s=n
        )
        for n in range(1, 400)
    ]
    joins.append(JoinOutcome("p400", "s200", False, reason="dialog", message="full", at_s=500.0))
    found = failures(PLAN, PHASES, joins, [], [Fault("server_died", 2.5, "gone")])
    assert [(each.what, len(each.more)) for each in found] == [
        ("could not join (timeout)", 398),
        ("server died", 0),
        ("could not join (dialog)", 0),
    ]
    assert found[0].more[:2] == ("p002", "p003")


def test_what_many_pages_said_is_counted() -> None:
    table = page_messages([seen(f"p{n:03d}", "page_error", "TypeError") for n in range(50)])
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["uncaught error", "TypeError", "50", "p000"]
    ]


def test_a_socket_closed_in_the_usual_way_is_no_news() -> None:
    assert page_messages([seen("p000", "socket_closed", "closed", code=1000)]) is None
    assert page_messages([seen("p000", "socket_closed", "closed", code=1006)]) is not None


def test_each_role_has_its_picture_in_mid_call() -> None:
    names = ["mid-call-callee.png", "mid-call-caller.png", "p000-timeout.png"]
    assert role_screenshots(PLAN, names) == (
        ("mid-call-caller.png", "caller"),
        ("mid-call-callee.png", "callee"),
    )


def test_a_light_probes_picture_says_why_it_is_black() -> None:
    assert role_caption(PLAN, "caller", None) == "The page of a caller"
    session = PLAN.sessions[0]
    probes = tuple(replace(probe, fidelity="light") for probe in session.probes)
    light = replace(PLAN, sessions=(replace(session, probes=probes), *PLAN.sessions[1:]))
    assert "stays black" in role_caption(light, "caller", None)
    assert role_caption(light, "caller", "p000").startswith("The page of p000, a caller, a light")


def test_a_roles_picture_says_whose_page_it_is() -> None:
    assert role_caption(PLAN, "caller", "p002") == "The page of p002, a caller"
