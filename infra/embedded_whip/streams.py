"""Streams, their publishers and their players, as objects of the embedded server."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from functools import partial

from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.objects import Json, ObjectTree
from infra.embedded_kurento.pipeline import MediaPipeline
from infra.embedded_kurento.webrtc.candidates import Candidate, parse_candidate
from infra.embedded_kurento.webrtc.endpoint import Network, WebRtcEndpoint
from infra.embedded_whip.fragments import Fragment
from infra.embedded_whip.offers import Way, checked_offer, completed_answer
from infra.embedded_whip.refusal import Refused

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1
"""When a player that came before its publisher may try again."""

_KINDS = ("ConnectionStateChanged", "IceComponentStateChanged")


@dataclass(slots=True)
class Session:
    """One publisher or player of a stream, with its answer."""

    id: str
    stream: Stream
    way: Way
    endpoint: WebRtcEndpoint
    answer: str
    ufrag: str
    etag: str = field(default_factory=lambda: f'"{secrets.token_hex(8)}"')


@dataclass(slots=True)
class Stream:
    """A pipeline, the one who publishes in it, and those who play."""

    name: str
    pipeline: MediaPipeline
    publisher: Session | None = None
    sessions: dict[str, Session] = field(default_factory=dict)


class Streams:
    """All streams by name, made in a server's `tree` of objects."""

    def __init__(self, tree: ObjectTree, network: Network) -> None:
        self.by_name: dict[str, Stream] = {}
        self._tree = tree
        self._network = network
        self._ending: set[asyncio.Task[None]] = set()

    async def join(self, name: str, way: Way, offer: str) -> Session:
        """A session with its answer. Raises Refused; then nothing is left of it."""
        ufrag = checked_offer(offer, way).sections[0].ufrag or ""
        stream = self.by_name.get(name)
        publisher = None if stream is None else stream.publisher
        if way == "whip" and publisher is not None:
            raise Refused(409, f"stream {name} has a publisher already")
        if way == "whep" and publisher is None:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise Refused(409, f"nobody publishes stream {name} yet", headers)
        session_id = secrets.token_urlsafe(12)
        stream = self._open(name, session_id)
        endpoint = WebRtcEndpoint(
            self._tree,
            stream.pipeline,
            self._tree.new_id(stream.pipeline, WebRtcEndpoint.type_name),
            network=self._network,
            recvonly=way == "whip",
            sendonly=way == "whep",
        )
        self._tree.add(endpoint, session_id)
        session = Session(session_id, stream, way, endpoint, "", ufrag)
        stream.sessions[session_id] = session
        if way == "whip":
            stream.publisher = session
        try:
            await self._connect(session, offer)
        except Refusal as error:
            await self.leave(session)
            raise Refused(422, f"the offer cannot be answered: {error.message}") from error
        except BaseException:
            await self.leave(session)
            raise
        return session

    def find(self, name: str, session_id: str) -> Session:
        """The session. Raises Refused 404."""
        stream = self.by_name.get(name)
        if stream is None or session_id not in stream.sessions:
            raise Refused(404, "there is no such session, or it has ended")
        return stream.sessions[session_id]

    async def add_candidates(self, session: Session, fragment: Fragment) -> None:
        """Use what a client trickled. Raises Refused 422 for an ICE restart."""
        if fragment.ufrag != session.ufrag:
            raise Refused(422, "another ice-ufrag than the offer's: no ICE restart here")
        for candidate in fragment.candidates:
            await session.endpoint.add_ice_candidate({"candidate": str(candidate)})
        if fragment.ended:
            await session.endpoint.add_ice_candidate({"candidate": ""})

    async def leave(self, session: Session) -> None:
        """Free the session, and the stream with its last one. A second call does nothing."""
        stream = session.stream
        if stream.sessions.pop(session.id, None) is None:
            return
        if stream.publisher is session:
            stream.publisher = None
        if not stream.sessions:
            del self.by_name[stream.name]
        await self._tree.forget(session.id)

    async def close(self) -> None:
        """Free everything, for the server's end."""
        for stream in list(self.by_name.values()):
            for session in list(stream.sessions.values()):
                await self.leave(session)
        if self._ending:
            await asyncio.wait(self._ending)

    def _open(self, name: str, session_id: str) -> Stream:
        stream = self.by_name.get(name)
        if stream is None:
            pipeline_id = self._tree.new_id(None, MediaPipeline.type_name)
            pipeline = MediaPipeline(self._tree, None, pipeline_id)
            self._tree.add(pipeline, session_id)
            stream = self.by_name[name] = Stream(name, pipeline)
        self._tree.keep(stream.pipeline.id, session_id)
        return stream

    async def _connect(self, session: Session, offer: str) -> None:
        """Answer the offer with all of our candidates, and have media flow in the stream."""
        endpoint, found = session.endpoint, dict[str, Candidate]()

        def candidate_found(event: dict[str, Json]) -> None:
            candidate = parse_candidate(event["data"]["candidate"]["candidate"])
            if candidate and candidate.transport == "udp" and candidate.component == 1:
                found[str(candidate)] = candidate

        endpoint.subscribe("IceCandidateFound", session.id, candidate_found)
        for kind in _KINDS:
            endpoint.subscribe(kind, session.id, partial(self._changed, session))
        answer = await endpoint.process_offer(offer)
        await endpoint.gather_candidates()
        msid = None if session.way == "whip" else session.stream.name
        session.answer = completed_answer(answer, list(found.values()), msid)
        stream = session.stream
        players = [each for each in stream.sessions.values() if each.way == "whep"]
        for player in [session] if session.way == "whep" else players:
            if stream.publisher is not None:
                self.feed(stream.publisher.endpoint, player.endpoint)

    def feed(self, publisher: WebRtcEndpoint, player: WebRtcEndpoint) -> None:
        """Have what is published flow to a player."""
        publisher.connect(player)

    def _changed(self, session: Session, event: dict[str, Json]) -> None:
        """End the session of a browser that is gone, or that never came."""
        state = event["data"].get("newState") or event["data"].get("state")
        if state in ("DISCONNECTED", "FAILED"):
            task = asyncio.create_task(self.leave(session))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
