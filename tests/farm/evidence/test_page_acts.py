"""What a page did of its own accord: what it stopped sending, and when it left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from farm.evidence.page_acts import SETTLES_S, PageActs
from farm.model.page_samples import EventKind, ProbeEvent
from farm.recording.events import SeenEvent
from tests.farm.evidence.polled import CAMERA

NOTHING_GONE: Mapping[tuple[str, str], float] = {}
NONE = {"track": None, "state": "none", "frame_rate": None}
ENDED = {"state": "ended"}


def event(kind: EventKind, at_s: float | None, data: Mapping[str, Any]) -> SeenEvent:
    return SeenEvent(ProbeEvent("p000", kind, at_s or 0.0, "", data), at_s)


def given(at_s: float | None, **facts: Any) -> SeenEvent:
    """What a sender has to send from then on: a camera's picture, or what `facts` say."""
    return event("sender", at_s, {**CAMERA, **facts})


def closed(at_s: float, connection: str = "pc1", *, by_page: bool = True) -> SeenEvent:
    return event(
        "connection", at_s, {"connection": connection, "state": "closed", "by_page": by_page}
    )


def off(
    *events: SeenEvent, gone: Mapping[tuple[str, str], float] = NOTHING_GONE
) -> list[tuple[float, float, str]]:
    return PageActs(events).off("p000", "video", gone)


# ---------------------------------------------------------------- on one connection alone


def stopped_on_one(
    *events: SeenEvent, gone: Mapping[tuple[str, str], float] = NOTHING_GONE
) -> list[tuple[float, float, str]]:
    return PageActs(events).stopped_on_one("p000", "video", gone)


BOTH = given(1.0), given(1.0, connection="pc2")
STOPPED = given(20.0, **NONE)
WHY = "gave its sender nothing to send"


def test_a_page_that_stops_sending_on_one_connection_alone_is_reported() -> None:
    assert stopped_on_one(*BOTH, STOPPED) == [(20.0, math.inf, WHY)]
    assert stopped_on_one(*BOTH, STOPPED, given(30.0)) == [(20.0, 30.0, WHY)]


def test_that_it_closes_all_when_it_leaves_changes_nothing() -> None:
    leaves = closed(60.0), closed(60.0, "pc2")
    assert stopped_on_one(*BOTH, STOPPED, *leaves) == [(20.0, math.inf, WHY)]


@pytest.mark.parametrize(
    "events",
    [
        (given(1.0), STOPPED),
        (given(1.0), given(1.0, connection="pc2", **NONE)),
        (*BOTH, STOPPED, given(20.5)),
        (*BOTH, STOPPED, given(20.1, mid="4")),
        (*BOTH, STOPPED, closed(20.2)),
        (given(1.0), given(1.0, mid="4"), STOPPED),
        (*BOTH, given(20.0, **ENDED), given(20.1, connection="pc2", **ENDED)),
        (given(1.0), given(19.0, connection="pc2"), STOPPED),
        (*BOTH, closed(15.0, "pc2"), STOPPED),
    ],
    ids=[
        "the only one",
        "never used",
        "at once again",
        "by another line",
        "closed",
        "beside another line",
        "all",
        "moved to another connection",
        "the other closed before",
    ],
)
def test_a_page_that_stops_on_no_connection_alone_is_not_reported_to(
    events: tuple[SeenEvent, ...],
) -> None:
    assert stopped_on_one(*events) == []


def test_a_connection_that_went_with_its_page_is_no_other_one() -> None:
    assert stopped_on_one(*BOTH, STOPPED, gone={("pc2", "0"): 12.0}) == []


# ---------------------------------------------------------------- a page stops sending


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (ENDED, "stopped its track"),
        ({"enabled": False}, "disabled its track"),
        (NONE, "gave its sender nothing to send"),
        ({"direction": "recvonly"}, "made it send nothing"),
    ],
    ids=["stopped", "disabled", "replaceTrack(null)", "direction"],
)
def test_a_page_that_stops_sending_owes_nothing_from_then_on(
    facts: dict[str, Any], why: str
) -> None:
    assert off(given(1.0), given(20.0, **facts)) == [(20.0, math.inf, why)]


def test_a_page_that_sends_has_stopped_nothing() -> None:
    assert off(given(1.0)) == []


def test_a_camera_that_failed_still_owes_its_picture() -> None:
    assert off(given(1.0), given(20.0, state="ended", failed=True)) == []


SCREEN = {"connection": "screen", "mid": "7", "source": "screen"}


def test_a_screen_that_ends_while_the_camera_moves_is_not_all_that_the_page_sends() -> None:
    """The old connection goes without a word, and the new one is not there yet."""
    moves = given(1.0), given(10.0, **SCREEN), given(27.3, **SCREEN | NONE)
    gone = {("pc1", "0"): 26.7}
    assert off(*moves, given(27.4, connection="pc2"), gone=gone) == []
    late = off(*moves, given(31.0, connection="pc2"), gone=gone)
    assert late == [(27.3, 31.0 + SETTLES_S, "gave its sender nothing to send")]
    assert off(*moves, gone=gone) == [(27.3, math.inf, "gave its sender nothing to send")]


def test_what_a_page_sends_again_is_owed_once_it_may_flow() -> None:
    spans = off(given(1.0), given(20.0, enabled=False), given(25.0))
    assert spans == [(20.0, 25.0 + SETTLES_S, "disabled its track")]


def test_each_time_that_a_page_stops_is_reported_with_its_first_reason() -> None:
    spans = off(
        given(1.0),
        given(15.0, enabled=False),
        given(16.0, **NONE),
        given(20.0),
        given(30.0, **ENDED),
    )
    assert spans == [
        (15.0, 20.0 + SETTLES_S, "disabled its track"),
        (30.0, math.inf, "stopped its track"),
    ]


def test_a_microphone_that_is_muted_is_no_camera_that_is_stopped() -> None:
    assert off(given(1.0), given(2.0, kind="audio", mid="1", enabled=False)) == []


def test_a_sender_of_no_line_yet_says_nothing() -> None:
    assert not PageActs([given(1.0, mid=None)]).are_known("p000")


def test_what_happened_at_no_known_time_says_nothing() -> None:
    assert off(given(1.0), given(None, **ENDED)) == []


# ---------------------------------------------------------------- to whom it still sends


def test_a_page_that_stops_sending_to_one_partner_has_not_stopped_its_camera() -> None:
    both = given(1.0), given(1.0, connection="pc2")
    assert off(*both, given(20.0, **NONE)) == []
    assert off(*both, given(20.0, **NONE), given(25.0, connection="pc2", **NONE)) == [
        (25.0, math.inf, "gave its sender nothing to send")
    ]


def test_a_sender_that_never_had_a_track_stops_nothing() -> None:
    assert off(given(1.0), given(2.0, mid="5", **NONE)) == []
    assert off(given(1.0, mid="5", **NONE), given(1.2)) == [
        (1.0, 1.2 + SETTLES_S, "gave its sender nothing to send")
    ], "until the camera comes"


def test_a_page_that_sends_the_other_kind_first_gives_nothing_of_this_one_until_it_does() -> None:
    microphone = given(1.0, kind="audio", mid="1")
    assert off(microphone, given(22.0)) == [
        (1.0, 22.0 + SETTLES_S, "gave nothing to send at first")
    ]
    assert off(microphone) == [], "it never sends any: that is no act"
    assert off(given(1.0), given(1.1, kind="audio", mid="1")) == []


def test_a_connection_that_the_page_closed_takes_nothing_any_more() -> None:
    spans = off(given(1.0), given(1.0, connection="pc2"), closed(15.0, "pc2"), given(20.0, **ENDED))
    assert spans == [(20.0, math.inf, "stopped its track")]


def test_a_connection_that_polls_have_no_more_takes_nothing_any_more() -> None:
    """One that was lost with its page, or collected, is closed by nobody."""
    events = given(1.0, connection="old"), given(10.0), given(20.0, **ENDED)
    assert off(*events) == []
    assert off(*events, gone={("old", "0"): 9.5}) == [(20.0, math.inf, "stopped its track")]


def test_what_is_reported_of_a_closed_connection_is_no_act() -> None:
    """`close()` ends its senders."""
    assert off(given(1.0), closed(20.0), given(20.1, **NONE)) == []


# ---------------------------------------------------------------- what it said, and when it left


def test_senders_states_are_kept_in_the_order_of_time() -> None:
    acts = PageActs([given(1.0), given(20.0, source="screen")])
    assert [(each.at_s, each.source) for each in acts.states("p000", "pc1", "0")] == [
        (1.0, "camera"),
        (20.0, "screen"),
    ]
    assert list(acts.states("p000", "pc1", "9")) == []
    assert acts.are_known("p000")
    assert not acts.are_known("p001")


def test_a_camera_that_failed_owes_the_rate_that_it_was_asked_for() -> None:
    acts = PageActs([given(1.0), given(20.0, state="ended", failed=True, frame_rate=None)])
    assert [each.frame_rate for each in acts.states("p000", "pc1", "0")] == [20.0, 20.0]


def test_what_is_no_cameras_owes_no_rate() -> None:
    acts = PageActs([given(1.0, source="canvas", frame_rate=5.0)])
    assert [each.frame_rate for each in acts.states("p000", "pc1", "0")] == [None]


def test_only_connections_that_the_page_closed_itself_are_its_act() -> None:
    acts = PageActs([closed(20.0), closed(21.0), closed(22.0, "pc2", by_page=False)])
    assert acts.closed("p000") == {"pc1": 20.0}, "when it did first"
    assert acts.closed("p001") == {}
