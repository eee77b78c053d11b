"""Whose streams a probe receives: names that a page is given."""

from __future__ import annotations

from farm.model.experiment import Scenario
from farm.model.session_roles import RoleStreams, SessionRole
from farm.planning.roles import CALLEE, CALLER, MEMBER, PRESENTER, VIEWER, Cast
from farm.planning.streams_due import Session


def senders(*cast: SessionRole) -> list[tuple[int, ...]]:
    made: Cast = cast
    session = Session(Scenario(), made)
    return [session.senders(place) for place in range(len(cast))]


def test_a_probe_receives_every_other_sender_of_its_session() -> None:
    assert senders(CALLEE, CALLER) == [(1,), (0,)]
    assert senders(MEMBER, MEMBER, MEMBER) == [(1, 2), (0, 2), (0, 1)]


def test_who_receives_nothing_is_sent_nothing_and_viewers_send_nothing() -> None:
    assert senders(PRESENTER, VIEWER, VIEWER) == [(), (0,), (0,)]


def test_of_roles_of_ones_own_only_those_asked_for_count() -> None:
    host = SessionRole("host", sends=("audio", "video"), receives=())
    guest = SessionRole("guest", sends=("audio",), receives=(RoleStreams("host", "video"),))
    assert senders(host, guest, guest) == [(), (0,), (0,)]
