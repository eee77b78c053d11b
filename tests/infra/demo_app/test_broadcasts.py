"""Presenters who come late, go and come back; viewers who wait for them."""

from __future__ import annotations

from infra.demo_app.acts import Acts, End, Seat, Tell, Unseat
from infra.demo_app.broadcasts import Broadcasts
from infra.demo_app.messages import Offer, Present, View

ANN, VIC, WIM = 1, 2, 3


def present(broadcasts: Broadcasts, user: int = ANN, room: str = "r") -> Acts:
    return broadcasts.present(user, Present(room, "Ann", Offer("v=0")))


def view(broadcasts: Broadcasts, user: int = VIC, room: str = "r") -> Acts:
    return broadcasts.view(user, View(room, Offer("v=0")))


def told(acts: Acts) -> list[tuple[int, str]]:
    said = [(act.user, act.message) for act in acts if isinstance(act, Tell)]
    return [(user, str(message.get("response", message["id"]))) for user, message in said]


def live() -> Broadcasts:
    broadcasts = Broadcasts()
    present(broadcasts)
    broadcasts.seated(ANN, "broadcast-1")
    return broadcasts


def test_viewers_wait_for_a_late_presenter_and_are_called_once_it_is_live() -> None:
    broadcasts = Broadcasts()
    assert told(view(broadcasts)) == [(VIC, "waiting")]
    (seat,) = present(broadcasts)
    assert isinstance(seat, Seat)
    assert told(view(broadcasts, WIM)) == [(WIM, "waiting")]

    arrived = broadcasts.seated(ANN, seat.stage)
    assert told(arrived) == [(ANN, "viewers"), (VIC, "presenterArrived"), (WIM, "presenterArrived")]
    watching, *audience = view(broadcasts)
    assert isinstance(watching, Seat)
    assert watching.stage == seat.stage
    assert audience == [Tell(ANN, {"id": "viewers", "count": 1})]
    assert broadcasts.seated(VIC, seat.stage) == ()


def test_viewers_of_a_presenter_who_goes_watch_again_when_one_comes_back() -> None:
    broadcasts = live()
    view(broadcasts)
    going = broadcasts.gone(ANN)
    assert told(going) == [(VIC, "presenterGone")]
    assert going[-1] == End("broadcast-1")

    present(broadcasts, WIM)
    assert (VIC, "presenterArrived") in told(broadcasts.seated(WIM, "broadcast-2"))
    seat = view(broadcasts)[0]
    assert isinstance(seat, Seat)
    assert seat.stage == "broadcast-2"


def test_a_leaving_viewer_frees_its_seat_and_the_presenter_hears_of_it() -> None:
    broadcasts = live()
    view(broadcasts, VIC)
    view(broadcasts, WIM)
    assert broadcasts.leave(VIC) == (
        Unseat("broadcast-1", VIC),
        Tell(ANN, {"id": "viewers", "count": 1}),
    )
    assert broadcasts.leave(VIC) == ()


def test_one_presenter_a_room_and_one_place_a_page() -> None:
    broadcasts = live()
    assert told(present(broadcasts, WIM)) == [(WIM, "rejected")]
    assert told(present(broadcasts, ANN, room="other")) == [(ANN, "rejected")]
    view(broadcasts, VIC)
    assert told(view(broadcasts, VIC)) == [(VIC, "rejected")]
    assert isinstance(present(broadcasts, WIM, room="other")[0], Seat)


def test_a_viewer_whose_seat_failed_is_out_and_the_broadcast_goes_on() -> None:
    broadcasts = live()
    view(broadcasts)
    acts = broadcasts.failed(VIC, "broadcast-1", "refused")
    assert acts[0] == Unseat("broadcast-1", VIC)
    assert (VIC, "rejected") in told(acts)
    assert broadcasts.failed(VIC, "broadcast-1", "again") == ()
    assert isinstance(view(broadcasts, WIM)[0], Seat)


def test_a_presenter_whose_seat_failed_leaves_the_viewers_waiting() -> None:
    broadcasts = Broadcasts()
    view(broadcasts)
    present(broadcasts)
    acts = broadcasts.failed(ANN, "broadcast-1", "refused")
    assert told(acts) == [(ANN, "rejected")]
    assert End("broadcast-1") in acts
    present(broadcasts, WIM)
    assert (VIC, "presenterArrived") in told(broadcasts.seated(WIM, "broadcast-2"))


def test_a_dead_media_server_ends_broadcasts_and_leaves_alone_who_only_waits() -> None:
    broadcasts = live()
    view(broadcasts, VIC)
    view(broadcasts, WIM, room="empty")
    assert told(broadcasts.server_gone("gone")) == [(ANN, "serverGone"), (VIC, "serverGone")]
    present(broadcasts, ANN, room="empty")
    assert (WIM, "presenterArrived") in told(broadcasts.seated(ANN, "broadcast-2"))
