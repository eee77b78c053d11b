"""Rooms that fill, empty and open again."""

from __future__ import annotations

from infra.demo_app.acts import Acts, End, Seat, Shape, Tell, Unseat
from infra.demo_app.messages import JoinRoom, Offer
from infra.demo_app.rooms import Rooms


def join(rooms: Rooms, user: int, room: str = "r", members: int = 2) -> Acts:
    return rooms.join(user, JoinRoom(room, f"user {user}", members, Offer("v=0")))


def why(acts: Acts) -> str:
    (text,) = (act.message["message"] for act in acts if isinstance(act, Tell))
    return str(text)


def roll(acts: Acts) -> dict[int, list[str]]:
    said = {act.user: act.message for act in acts if isinstance(act, Tell)}
    return {user: message["names"] for user, message in said.items()}


def test_members_share_a_stage_and_hear_who_is_there() -> None:
    rooms = Rooms()
    first, *_ = join(rooms, 1)
    second, *told = join(rooms, 2)
    assert isinstance(first, Seat) and isinstance(second, Seat)
    assert first.shape is Shape.ROOM
    assert first.stage == second.stage
    assert roll(tuple(told)) == {1: ["user 1", "user 2"], 2: ["user 1", "user 2"]}


def test_the_first_member_says_whether_the_room_is_mixed() -> None:
    rooms = Rooms()
    for user, mixed in ((1, True), (2, False)):
        seat, *_ = rooms.join(user, JoinRoom("r", f"user {user}", 2, Offer("v=0"), mixed))
        assert isinstance(seat, Seat)
        assert seat.shape is Shape.MIXED_ROOM


def test_a_full_room_says_so_until_somebody_leaves() -> None:
    rooms = Rooms()
    join(rooms, 1)
    join(rooms, 2)
    assert why(join(rooms, 3, members=9)) == "Room r is full (2 of 2)."
    assert why(join(rooms, 1, room="other")) == "You are in room r already."

    leaving = rooms.leave(1)
    assert leaving[0] == Unseat("room-1", 1)
    assert roll(leaving) == {2: ["user 2"]}
    assert roll(join(rooms, 3)) == {2: ["user 2", "user 3"], 3: ["user 2", "user 3"]}


def test_the_last_one_closes_the_room_and_the_next_one_opens_another_stage() -> None:
    rooms = Rooms()
    join(rooms, 1)
    assert rooms.gone(1) == (End("room-1"),)
    assert rooms.leave(1) == ()
    seat, *_ = join(rooms, 2, members=4)
    assert isinstance(seat, Seat)
    assert seat.stage == "room-2"


def test_a_failed_seat_frees_its_place_and_only_that() -> None:
    rooms = Rooms()
    join(rooms, 1)
    join(rooms, 2)
    acts = rooms.failed(2, "room-1", "refused")
    assert acts[0] == Unseat("room-1", 2)
    assert Tell(2, {"id": "joinRoomResponse", "response": "rejected", "message": "refused"}) in acts
    assert rooms.failed(2, "room-1", "again") == ()
    assert rooms.failed(1, "room-0", "an older stage") == ()
    assert roll(join(rooms, 3))[1] == ["user 1", "user 3"]


def test_a_dead_media_server_empties_every_room() -> None:
    rooms = Rooms()
    join(rooms, 1, "a")
    join(rooms, 2, "b")
    told = rooms.server_gone("gone")
    assert [act.user for act in told if isinstance(act, Tell)] == [1, 2]
    assert rooms.leave(1) == ()
    assert isinstance(join(rooms, 1, "a")[0], Seat)
