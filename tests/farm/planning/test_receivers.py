from dataclasses import replace

import pytest

from farm.model.trial_evidence import StreamIdentity
from farm.planning.receivers import Receivers, receivers
from tests.farm.made_mesh import mesh

ROOM = ("p000", "p001", "p002")


@pytest.mark.parametrize("traced", [True, False])
def test_a_copy_for_each_partner_goes_to_whom_its_connection_does(traced: bool) -> None:
    told = receivers(mesh(ROOM, traced=traced))
    assert told["p001", "video", 0] == Receivers(("p000",), owed=True)
    assert told["p001", "video", 1] == Receivers(("p002",), owed=True)
    assert len(told) == 3 * 2 * 2


def test_what_a_partner_received_comes_before_its_connection() -> None:
    crossed = [
        replace(each, sent_tracks=((0.0, 1 - each.sent_tracks[0][1]),))
        if each.direction == "inbound" and each.senders == ("p000",)
        else each
        for each in mesh(ROOM)
    ]
    told = receivers(crossed)
    assert told["p000", "video", 0].probes == ("p002",)
    assert told["p000", "video", 1].probes == ("p001",)


def test_a_stream_that_never_came_is_told_by_its_connection() -> None:
    lost = [
        replace(each, seen=False, sent_tracks=(), connection="")
        if (each.probe, each.senders, each.kind) == ("p002", ("p000",), "video")
        else each
        for each in mesh(ROOM)
    ]
    assert receivers(lost)["p000", "video", 1] == Receivers(("p002",), owed=True)


def test_a_screen_that_all_receive_is_no_copy_and_one_that_some_do_is_named() -> None:
    def room(*viewers: str) -> list[StreamIdentity]:
        return [
            *(
                StreamIdentity("p000", "outbound", "video", track, track == 0, True, connection="a")
                for track in (0, 1)
            ),
            *(_received(probe, 0) for probe in ("p001", "p002")),
            *(replace(_received(probe, 1), owed=False) for probe in viewers),
        ]

    assert receivers(room("p001", "p002")) == {}
    told = receivers(room("p001"))
    assert told["p000", "video", 1] == Receivers(("p001",), owed=False)
    assert told["p000", "video", 0] == Receivers(("p001", "p002"), owed=True)


def test_one_stream_for_all_is_told_of_nobody() -> None:
    sent = StreamIdentity("p000", "outbound", "video", 0, True, True, connection="a")
    assert receivers([sent, _received("p001", 0), _received("p002", 0)]) == {}


def test_many_receivers_are_counted() -> None:
    assert Receivers(("p001", "p002", "p003"), owed=True).names == "p001 and p002 and p003"
    assert Receivers(tuple("abcd"), owed=True).names == "4 probes"


def _received(probe: str, track: int) -> StreamIdentity:
    return StreamIdentity(
        probe, "inbound", "video", track, True, True, ("p000",), ((0.0, track),), connection="b"
    )
