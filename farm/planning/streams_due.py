"""The streams that each probe of a session is owed, by the roles of all. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.model.experiment import Scenario
from farm.model.session_roles import SERVER, RoleStreams, SentMedia, SessionRole
from farm.planning.roles import Cast


@dataclass(frozen=True, slots=True)
class StreamsDue:
    """So many streams of a medium, of any of the probes at these places of the session.

    `places` is `None` for all others that send it, for the server's mix, and for media of the
    server's own (`of_server`).
    """

    media: SentMedia
    count: int
    places: tuple[int, ...] | None = None
    of_server: bool = False


class Session:
    """What the probes of one session, of these roles, send and are owed."""

    def __init__(self, scenario: Scenario, cast: Cast) -> None:
        self._scenario = scenario
        self._cast = cast
        places: defaultdict[tuple[str, SentMedia], list[int]] = defaultdict(list)
        self._senders: defaultdict[SentMedia, list[int]] = defaultdict(list)
        for place, role in enumerate(cast):
            for media in role.sends:
                places[role.name, media].append(place)
                self._senders[media].append(place)
        self._of_role: Mapping[tuple[str, SentMedia], Sequence[int]] = places
        self._sending = sorted({place for of in self._senders.values() for place in of})

    def senders(self, place: int) -> tuple[int, ...]:
        """The places of the probes whose streams the one at this place receives, in order."""
        asked = self._cast[place].receives
        senders = self._sending
        if asked is not None:
            of_roles = (self._of_role.get((each.role, each.media), ()) for each in asked)
            senders = sorted({sender for of in of_roles for sender in of})
        return tuple(sender for sender in senders if sender != place)

    def due(self, place: int, media: SentMedia) -> tuple[StreamsDue, ...]:
        """What the probe at this place is owed of a medium; streams of several roles apart."""
        mine = self._cast[place]
        if mine.receives is None and self._scenario.kind == "custom":
            others = tuple(each for each in self._senders[media] if each != place)
            return (StreamsDue(media, len(others), others),)
        if mine.receives is None:
            return (StreamsDue(media, self._of_all_others(mine, media)),)
        return tuple(
            self._of_one_role(each, place) for each in mine.receives if each.media == media
        )

    def _of_all_others(self, mine: SessionRole, media: SentMedia) -> int:
        scenario = self._scenario
        sent = len(self._senders[media])
        if scenario.kind == "group" and scenario.media == "mixed":
            offered = min(sent, 1)
        else:
            offered = sent - (media in mine.sends)
        limit = scenario.receives.audio if media == "audio" else scenario.receives.video
        if media == "video" and scenario.last_n is not None:
            limit = scenario.last_n
        return offered if limit is None else min(offered, limit)

    def _of_one_role(self, asked: RoleStreams, place: int) -> StreamsDue:
        if asked.role == SERVER:
            return StreamsDue(asked.media, 1 if asked.most is None else asked.most, of_server=True)
        senders = self._of_role.get((asked.role, asked.media), ())
        others = tuple(each for each in senders if each != place)
        most = len(others) if asked.most is None else asked.most
        return StreamsDue(asked.media, min(most, len(others)), others)
