"""Requests of users whose places are being made or released."""

from __future__ import annotations

import asyncio

import pytest

from infra.demo_app.places import Place, Places


class Requests:
    """Requests that are started one after the other; each goes on when it is let go."""

    def __init__(self) -> None:
        self.places = Places(Place)
        self.performed: list[str] = []
        self.let_go = asyncio.Event()

    async def seat(self, user: int, name: str) -> Place:
        async with self.places.seating(user) as place:
            self.performed.append(name)
            await self.let_go.wait()
        return place

    async def unseat(self, user: int, name: str) -> None:
        async with self.places.unseating(user) as place:
            self.performed.append(name if place is not None else f"{name}: no place")
            await self.let_go.wait()


async def test_requests_of_one_user_are_performed_in_order_and_no_other_user_waits() -> None:
    requests = Requests()
    async with asyncio.TaskGroup() as group:
        group.create_task(requests.seat(1, "Ann joins"))
        group.create_task(requests.unseat(1, "Ann leaves"))
        again = group.create_task(requests.seat(1, "Ann returns"))
        group.create_task(requests.seat(2, "Bob joins"))
        await asyncio.sleep(0)
        assert requests.performed == ["Ann joins", "Bob joins"]
        requests.let_go.set()
    assert requests.performed == ["Ann joins", "Bob joins", "Ann leaves", "Ann returns"]
    assert requests.places[1] is again.result()


async def test_who_leaves_has_no_place_any_more() -> None:
    requests = Requests()
    requests.let_go.set()
    await requests.seat(1, "joins")
    await requests.unseat(1, "leaves")
    assert not requests.places
    await requests.unseat(1, "leaves again")
    assert requests.performed == ["joins", "leaves", "leaves again: no place"]


async def test_a_place_that_could_not_be_released_stays() -> None:
    requests = Requests()
    requests.let_go.set()
    place = await requests.seat(1, "joins")
    with pytest.raises(ConnectionError):
        async with requests.places.unseating(1):
            raise ConnectionError
    assert requests.places == {1: place}
    assert not place.turn.locked()
