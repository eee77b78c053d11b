"""The acts of pages: the tracks they give to their senders, and the connections they close. Pure.

A camera that the page stops is no fault of generator or server, and the frame rate that the page
asked of a camera is the one expected. The hooks record both as events, `sender` and `connection`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from farm.evidence.sender_states import CAMERAS, DISABLED, SenderState, in_effect, sender_state
from farm.model.page_acts import PAUSED, REFUSED
from farm.model.session_roles import SentMedia, kind_of
from farm.recording.events import SeenEvent

SETTLES_S = 3.0
"""The time that media may take to flow after a page gives its sender something to send again."""

NOT_YET = "gave nothing to send at first"

FAILED = ("disconnected", "failed")
"""States of an RTCPeerConnection whose other end cannot be reached (W3C webrtc, 4.4.3)."""

Gone = Mapping[tuple[str, str], float]
"""By connection and mid when polls last had the stream."""

Span = tuple[float, float]

Off = tuple[float, float, str]
"""The span in which something was off, and why."""


class PageActs:
    """The acts of the pages of a trial, from its events in the order of time.

    Of probes that are `sharing` a screen beside a camera, the two are looked at apart.
    """

    def __init__(self, events: Iterable[SeenEvent], sharing: Collection[str] = ()) -> None:
        self._sharing = frozenset(sharing)
        self._states: defaultdict[str, dict[tuple[str, str], list[SenderState]]] = defaultdict(dict)
        self._of_kind: defaultdict[tuple[str, str], list[SenderState]] = defaultdict(list)
        self._closed: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._refused: defaultdict[str, dict[tuple[str, str], list[Off]]] = defaultdict(dict)
        self._known_s: dict[str, float] = {}
        self._failed: set[tuple[str, str]] = set()
        self._ended: set[tuple[str, str]] = set()
        self._began: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for seen in events:
            event, data = seen.event, seen.event.data
            if seen.run_s is None:
                continue
            connection = str(data.get("connection"))
            if data.get("connection") is not None:
                self._began[event.probe].setdefault(connection, seen.run_s)
            if event.kind == "sender" and data.get("mid") is not None:
                # The senders of a closed connection do not count any more.
                if connection not in self._closed[event.probe]:
                    self._known_s.setdefault(event.probe, seen.run_s)
                    of_probe = self._states[event.probe]
                    states = of_probe.setdefault((connection, str(data["mid"])), [])
                    before = states[-1].frame_rate if states else None
                    states.append(sender_state(seen.run_s, data, before))
                    self._of_kind[event.probe, str(data.get("kind"))].append(states[-1])
            elif event.kind == "receiver":
                self._note_refusal(
                    event.probe, (connection, str(data.get("mid"))), seen.run_s, data
                )
            elif event.kind == "connection" and data.get("by_page") is True:
                self._closed[event.probe].setdefault(connection, seen.run_s)
            elif event.kind == "connection" and connection not in self._closed[event.probe]:
                self._note_state((event.probe, connection), str(data.get("state")))

    def _note_refusal(
        self, probe: str, line: tuple[str, str], at_s: float, data: Mapping[str, object]
    ) -> None:
        spans = self._refused[probe].setdefault(line, [])
        if data.get("wanted") is False:
            spans.append((at_s, math.inf, REFUSED))
        elif spans:
            spans[-1] = (spans[-1][0], at_s + SETTLES_S, REFUSED)

    def _note_state(self, connection: tuple[str, str], state: str) -> None:
        if state in FAILED:
            self._failed.add(connection)
        elif state == "connected":
            self._failed.discard(connection)
        elif state == "closed":
            self._ended.add(connection)

    def are_known(self, probe: str) -> bool:
        """Whether senders of the probe were recorded; in older recordings they were not."""
        return probe in self._states

    def shows(self, probe: str, source: str) -> bool:
        """Whether the page gave a sender a track of that source, such as a screen."""
        states = self._states.get(probe, {}).values()
        return any(state.source == source for of_sender in states for state in of_sender)

    def is_screen(self, probe: str, connection: str, mid: str) -> bool | None:
        """Whether a page that owes both gave that sender a screen (True), or a camera (False).

        `None`: something else, such as a canvas, or the page owes no screen.
        """
        if probe not in self._sharing:
            return None
        sources = {state.source for state in self.states(probe, connection, mid)}
        if not sources.isdisjoint(CAMERAS):
            return False
        return True if "screen" in sources else None

    def _of_media(self, probe: str, media: SentMedia) -> Sequence[SenderState]:
        """The states of all senders of a medium; without a screen that is owed, of its kind."""
        states = self._of_kind.get((probe, kind_of(media)), [])
        if media == "audio" or probe not in self._sharing:
            return states
        return [
            state
            for state in states
            if bool(self.is_screen(probe, state.connection, state.mid)) is (media == "screen")
        ]

    def states(self, probe: str, connection: str, mid: str) -> Sequence[SenderState]:
        """The states of the sender, in the order of time; empty where none is known."""
        return self._states.get(probe, {}).get((connection, mid), ())

    def off(self, probe: str, media: SentMedia, gone: Gone) -> list[Off]:
        """When a page gave no sender media, and why, until what it gives may flow.

        A page that goes on sending to one partner has not stopped its camera. If it sends the other
        kind first it gives nothing of this one until it does; if it never does, that is no act.
        """
        return self._spans(probe, media, gone, lambda state: state.why_off)

    def silent(self, probe: str, media: SentMedia, gone: Gone) -> list[Off]:
        """The spans of `off` in which no packets flowed, either."""
        return self._spans(
            probe, media, gone, lambda state: state.why_off if state.is_silent else ""
        )

    def unsent(self, probe: str, media: SentMedia, gone: Gone) -> list[Off]:
        """When a page sent no media of a kind, off or with all its encodings paused.

        Clients pause what their server does not need at the time; its receivers should still get
        it.
        """
        return self._spans(
            probe, media, gone, lambda state: state.why_off or (PAUSED if state.is_paused else "")
        )

    def stopped_on_one(self, probe: str, media: SentMedia, gone: Gone) -> list[Off]:
        """When a page stopped sending a kind on one of its connections but not on another.

        A connection that it closed then does not count, nor a kind that it goes on sending by
        another m-line, or had just begun to send there.
        """
        closed = self.closed(probe)
        on: dict[tuple[str, str], Span] = {}
        found: list[Off] = []
        for state in sorted(self._of_media(probe, media), key=lambda each: each.at_s):
            key, at_s = (state.connection, state.mid), state.at_s
            was_on = key in on
            on = {each: span for each, span in on.items() if span[1] > at_s}
            ends_s = closed.get(state.connection, math.inf)
            if not state.why_off:
                begin_s = on[key][0] if key in on else at_s
                on[key] = begin_s, min(ends_s, gone.get(key, math.inf))
            elif was_on:
                on.pop(key, None)
                others = [
                    span for (connection, _), span in on.items() if connection != state.connection
                ]
                goes_on = len(others) < len(on) or ends_s <= at_s + SETTLES_S
                if not goes_on and any(
                    begin_s < at_s - SETTLES_S and end_s > at_s + SETTLES_S
                    for begin_s, end_s in others
                ):
                    found.append((at_s, self._on_again_s(probe, media, state), state.why_off))
        return [
            (begin_s, end_s, why)
            for begin_s, end_s, why in found
            if end_s > begin_s + SETTLES_S and not self._all_off(probe, media, gone, begin_s)
        ]

    def _on_again_s(self, probe: str, media: SentMedia, off: SenderState) -> float:
        """When the page next sends the kind on the connection on which it stopped."""
        return min(
            (
                state.at_s
                for state in self._of_media(probe, media)
                if state.connection == off.connection
                and state.at_s > off.at_s
                and not state.why_off
            ),
            default=math.inf,
        )

    def _all_off(self, probe: str, media: SentMedia, gone: Gone, at_s: float) -> bool:
        """Whether no media of a kind are sent to any partner soon after that time."""
        spans = self.off(probe, media, gone)
        return any(begin_s <= at_s + SETTLES_S and end_s > at_s for begin_s, end_s, _ in spans)

    def _spans(
        self, probe: str, media: SentMedia, gone: Gone, why_off: Callable[[SenderState], str]
    ) -> list[Off]:
        """The spans in which all senders of a kind are off for a reason that `why_off` gives.

        A stream that ended without an event, or with its connection, and goes on elsewhere within
        `SETTLES_S` was moved: if another, such as a screen, stops meanwhile, not all are off.
        """
        closed = self.closed(probe)
        on: dict[tuple[str, str], float] = {}
        found: list[Off] = []
        moves_s = -math.inf
        states = sorted(self._of_media(probe, media), key=lambda each: each.at_s)
        if states and states[0].at_s > self._known_s[probe]:
            found.append((self._known_s[probe], math.inf, NOT_YET))
        for state in states:
            key, at_s = (state.connection, state.mid), state.at_s
            ended_s = [end_s for each, end_s in on.items() if end_s <= at_s and each != key]
            on = {each: end_s for each, end_s in on.items() if end_s > at_s and each != key}
            why = why_off(state)
            is_off = bool(found) and math.isinf(found[-1][1])
            if not why:
                closed_s = closed.get(state.connection, math.inf)
                on[key] = min(closed_s, gone.get(key, math.inf))
                if is_off and at_s <= moves_s:
                    found.pop()
                elif is_off:
                    found[-1] = (found[-1][0], at_s + SETTLES_S, found[-1][2])
            elif not on and not is_off:
                found.append((at_s, math.inf, why))
                moves_s = max(ended_s, default=-math.inf) + SETTLES_S
        return found

    def asked_frame_rate(
        self,
        probe: str,
        sender: tuple[str, str],
        span: tuple[float, float],
        gone: Gone,
    ) -> float | None:
        """The least frame rate that the page asked of a video's camera in that time; `None`: none.

        `sender` is its connection and mid. A limit of encoders counts only if all encoders have
        one: less for one partner is not what was asked of the camera.
        """
        rates = [
            None if state.why_off == DISABLED else state.frame_rate
            for state in in_effect(self.states(probe, *sender), span)
        ]
        known = [rate for rate in rates if rate is not None]
        if not known or len(known) < len(rates):
            return None
        most = [
            math.inf if state.most_frames is None else state.most_frames
            for key, states in self._states.get(probe, {}).items()
            if gone.get(key, math.inf) > span[0]
            for state in in_effect(states, span)
            if state.source == "camera" and not state.why_off
        ]
        return min(*known, max(most, default=math.inf))

    def closed(self, probe: str) -> Mapping[str, float]:
        """By connection when the page itself closed it."""
        return self._closed.get(probe, {})

    def began(self, probe: str) -> Mapping[str, float]:
        """By connection when the first event of it came."""
        return self._began.get(probe, {})

    def refused(self, probe: str) -> Mapping[tuple[str, str], Sequence[Off]]:
        """By connection and mid the spans in which the page refused what it received before.

        A span lasts until media that are accepted again may flow.
        """
        return self._refused.get(probe, {})

    def refuses(self, probe: str, at_s: float) -> bool:
        """Whether the page refuses to receive something at that time."""
        return any(
            begin_s <= at_s < end_s
            for spans in self.refused(probe).values()
            for begin_s, end_s, _ in spans
        )

    def had_failed(self, probe: str, connection: str) -> bool:
        """Whether a connection was failed or disconnected when its page closed it."""
        return (probe, connection) in self._failed

    def had_ended(self, probe: str, connection: str) -> bool:
        """Whether its other end had closed a connection before its page did."""
        return (probe, connection) in self._ended
