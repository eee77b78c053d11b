"""The setup times of owed streams, without the time in which their sender could not send."""

from __future__ import annotations

import math

import pytest

from farm.evidence.page_acts import Off
from farm.evidence.stream_setups import stream_setups
from farm.model.trial_evidence import StreamIdentity, StreamSetup
from farm.model.webrtc_stats import MediaKind
from tests.farm.evidence.polled import Polled, room


def stream(
    track: int,
    *senders: str,
    began_s: float | None = 5.0,
    owed: bool = True,
    kind: MediaKind = "video",
) -> StreamIdentity:
    """What p000 received, or was owed."""
    return StreamIdentity(
        "p000",
        "inbound",
        kind,
        track,
        owed=owed,
        seen=began_s is not None,
        senders=senders,
        began_s=began_s,
    )


def setups(
    *streams: StreamIdentity,
    firsts: tuple[tuple[float, float | None], ...] = (),
    joined_s: dict[str, float] | None = None,
    off: dict[tuple[str, MediaKind], list[Off]] | None = None,
) -> list[StreamSetup]:
    """`firsts` are when p000's page told of first media, and how long after its offer; `off` is
    when its partners gave nothing to send.
    """
    polled = Polled(room())
    for probe, at_s in (joined_s or {}).items():
        polled.tells(probe, "joining", at_s, {})
    for at_s, setup_s in firsts:
        polled.tells("p000", "setup", at_s, {"kind": "video", "setup_s": setup_s})
    spans = off or {}
    return list(
        stream_setups(polled.trial(), streams, lambda probe, kind: spans.get((probe, kind), []))
    )


def test_each_stream_has_the_first_media_that_came_in_its_turn() -> None:
    first, second = setups(
        stream(0, "p001", began_s=6.0),
        stream(1, "p002", began_s=3.0),
        firsts=((3.0, 0.5), (6.0, 3.5)),
    )
    assert (first.track, first.setup_s, first.waited_s) == (0, 3.5, 3.5)
    assert (second.track, second.setup_s, second.waited_s) == (1, 0.5, 0.5)
    assert (first.probe, first.session, first.role, first.kind) == (
        "p000",
        "s000",
        "member",
        "video",
    )


def test_a_stream_that_is_owed_to_nobody_takes_its_own_first_media_along() -> None:
    (owed,) = setups(
        stream(0, "p001", began_s=6.0),
        stream(1, "p002", began_s=3.0, owed=False),
        firsts=((3.0, 0.5), (6.0, 3.5)),
    )
    assert owed.setup_s == 3.5


def test_a_stream_that_never_came_has_no_first_media() -> None:
    never, came = setups(
        stream(0, "p001", began_s=None), stream(1, "p002", began_s=3.0), firsts=((3.0, 0.5),)
    )
    assert (never.setup_s, never.waited_s) == (None, None)
    assert came.setup_s == 0.5


def test_a_sender_who_joined_late_is_waited_for_only_from_then_on() -> None:
    (late,) = setups(
        stream(0, "p001", began_s=30.0), firsts=((30.0, 27.0),), joined_s={"p000": 2, "p001": 28}
    )
    assert (late.setup_s, late.late_s, late.waited_s) == (27.0, 2.0, 2.0)


def test_a_sender_who_was_there_first_shortens_nothing() -> None:
    (setup,) = setups(
        stream(0, "p001", began_s=30.0), firsts=((30.0, 5.0),), joined_s={"p000": 20, "p001": 2}
    )
    assert setup.waited_s == 5.0


def test_while_the_sender_gave_nothing_to_send_nothing_is_waited_for() -> None:
    (setup,) = setups(
        stream(0, "p001", began_s=30.0),
        firsts=((30.0, 27.0),),
        joined_s={"p000": 2, "p001": 2},
        off={("p001", "video"): [(1.0, 6.0, ""), (5.0, 8.0, ""), (20.0, math.inf, "")]},
    )
    assert setup.waited_s == 12.0, "from 8 s to 20 s"


def test_what_a_sender_gave_of_another_kind_is_another_matter() -> None:
    (setup,) = setups(
        stream(0, "p001", began_s=30.0),
        firsts=((30.0, 27.0),),
        off={("p001", "audio"): [(1.0, 29.0, "")]},
    )
    assert setup.waited_s == 27.0


def test_of_several_who_may_have_sent_it_the_last_one_to_join_was_waited_for() -> None:
    (setup,) = setups(
        stream(0, "p001", "p002"),
        firsts=((30.0, 27.0),),
        joined_s={"p000": 2, "p001": 3, "p002": 26},
    )
    assert setup.waited_s == 4.0


def test_what_a_page_said_nothing_of_took_no_longer_than_since_it_began_to_join() -> None:
    (setup,) = setups(stream(0, "p001", began_s=9.0), joined_s={"p000": 2, "p001": 1})
    assert (setup.setup_s, setup.waited_s) == (None, 7.0)


@pytest.mark.parametrize("joining_s", [2.0, None])
def test_where_the_offer_was_not_seen_the_drivers_first_step_stands_for_it(
    joining_s: float | None,
) -> None:
    (setup,) = setups(
        stream(0, "p001"),
        firsts=((6.0, None),),
        joined_s={} if joining_s is None else {"p000": joining_s},
    )
    assert setup.setup_s == (None if joining_s is None else 4.0)


def test_each_kind_has_first_media_of_its_own() -> None:
    video, audio = setups(
        stream(0, "p001"), stream(0, "p001", kind="audio", began_s=None), firsts=((6.0, 0.5),)
    )
    assert (video.kind, video.setup_s) == ("video", 0.5)
    assert (audio.kind, audio.setup_s) == ("audio", None)
