"""ICE events for clients: component states, candidates, selected pairs, in Kurento's order.

A component goes GATHERING, CONNECTING, CONNECTED, READY; each new candidate of the browser's
takes it back to CONNECTED, and `READY_AFTER_S` later to READY. Component 2 stays GATHERING: with
rtcp-mux nothing ever arrives for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from infra.embedded_kurento.objects import Json, complex_type
from infra.embedded_kurento.webrtc.candidates import Candidate, announced

READY_AFTER_S = 2.0
STREAM_ID = 1


class Emitter(Protocol):
    def emit(self, event_type: str, **data: Json) -> None: ...


class IceStates:
    """The states of one endpoint's ICE, and their events."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._states = {1: "DISCONNECTED", 2: "DISCONNECTED"}
        self._pair: tuple[Candidate, Candidate] | None = None
        self._ready: asyncio.TimerHandle | None = None

    def gathering(self) -> None:
        self._set(1, "GATHERING")
        self._set(2, "GATHERING")

    def gathered(
        self, local: list[Candidate], unserved_port: int, sections: Sequence[tuple[int, str]]
    ) -> None:
        """Announce every candidate, once for each section (its index and mid)."""
        for line in announced(local, unserved_port):
            for index, mid in sections:
                candidate = complex_type(
                    "IceCandidate", candidate=line, sdpMLineIndex=index, sdpMid=mid
                )
                self._emitter.emit("IceCandidateFound", candidate=candidate)
        self._emitter.emit("IceGatheringDone")

    def connecting(self) -> None:
        if self._states[1] == "GATHERING":
            self._set(1, "CONNECTING")

    def selected(self, pair: tuple[Candidate, Candidate]) -> None:
        """ICE selected a pair, or another one, or learned more about it."""
        if pair == self._pair:
            return
        first = self._pair is None
        self.connecting()
        self._pair = pair
        self._emitter.emit("NewCandidatePairSelected", candidatePair=self._pair_json(pair))
        if first:
            self._set(1, "CONNECTED")
            self._set(1, "READY")

    def candidate_added(self) -> None:
        if self._pair is None:
            self.connecting()
            return
        if self._states[1] == "READY":
            self._set(1, "CONNECTED")
        if self._ready is not None:
            self._ready.cancel()
        self._ready = asyncio.get_running_loop().call_later(READY_AFTER_S, self._set, 1, "READY")

    def ended(self, state: str) -> None:
        """The end: `FAILED` if it never connected, `DISCONNECTED` if it did."""
        self.close()
        self._pair = None
        self._set(1, state)

    def close(self) -> None:
        if self._ready is not None:
            self._ready.cancel()
            self._ready = None

    def connections(self) -> list[Json]:
        return [
            complex_type(
                "IceConnection", componentId=component, state=state, streamId=str(STREAM_ID)
            )
            for component, state in self._states.items()
        ]

    def pairs(self) -> list[Json]:
        return [] if self._pair is None else [self._pair_json(self._pair)]

    def _set(self, component: int, state: str) -> None:
        self._states[component] = state
        self._emitter.emit(
            "IceComponentStateChanged", componentId=component, state=state, streamId=STREAM_ID
        )

    def _pair_json(self, pair: tuple[Candidate, Candidate]) -> Json:
        local, remote = pair
        return complex_type(
            "IceCandidatePair",
            componentId=1,
            localCandidate=str(local),
            remoteCandidate=str(remote),
            streamId=str(STREAM_ID),
        )
