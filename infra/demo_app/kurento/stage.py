"""A stage in the media server: one pipeline with the endpoints of one call, room or broadcast.

The calls are in an order that a real Kurento 7.3 survives: candidates are subscribed to before they
are gathered; recorders are stopped, then hub ports and endpoints released, then the mixer, then the
pipeline. (A server whose session was closed right after a mixer with members that still sent was
released has been seen to abort.)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from farm.errors import KurentoRefused, KurentoTimeout
from farm.kurento import KurentoClient, KurentoEvent, MediaObject
from infra.demo_app.acts import Seat, Shape, User
from infra.demo_app.kurento.recorder import Recorder
from infra.demo_app.messages import IceCandidate, SdpAnswer
from infra.demo_app.places import Place, Places
from infra.demo_app.stages import Candidates, ToPage

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place(Place):
    """The media objects of one page, each set as soon as it is made, for `unseat` to release."""

    endpoint: MediaObject | None = None
    hub_port: MediaObject | None = None
    recorder: Recorder | None = None


class KurentoStage:
    """Implements `stages.Stage`. The first seat calls `connect`.

    `recordings` is the directory, on the media server, where files go; `mix` are parameters of the
    Composite of a room: width, height, framerate.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[KurentoClient]],
        shape: Shape,
        recordings: str,
        to_page: ToPage,
        mix: Mapping[str, int],
    ) -> None:
        self._connect = connect
        self._mix = mix
        self._shape = shape
        self._recordings = recordings
        self._to_page = to_page
        self._opening = asyncio.Lock()
        self._releasing = asyncio.Lock()
        self._ended = False
        self._pipeline: MediaObject | None = None
        self._mixer: MediaObject | None = None
        self._places = Places(_Place)
        self._wired: list[MediaObject] = []

    async def seat(self, seat: Seat, candidates: Candidates) -> None:
        """Make the user's endpoint, wire it, send the SDP answer, gather candidates.

        Does nothing after `end`. Raises `KurentoError`; `unseat` releases what was made until then.
        """
        assert seat.offer is not None  # noqa: S101 - without `offers` each page makes its own
        async with self._places.seating(seat.user) as place:
            pipeline = await self._open()
            if pipeline is None:
                return
            endpoint = await pipeline.client.create("WebRtcEndpoint", {"mediaPipeline": pipeline})
            place.endpoint = endpoint
            for name, kbps in seat.properties.items():
                await endpoint.invoke(f"set{name[0].upper()}{name[1:]}", **{name: kbps})
            if seat.recording is not None:
                place.recorder = await Recorder.create(
                    pipeline,
                    endpoint,
                    f"file://{self._recordings}/{seat.recording}.webm",
                    seat.offer,
                    lambda why: self._not_recorded(seat.user, why),
                )
            await self._wire(place, endpoint)
            await endpoint.subscribe("IceCandidateFound", lambda e: self._found(seat.user, e))
            answer = await endpoint.invoke("processOffer", offer=seat.offer)
            self._to_page(seat.user, {**seat.reply, "sdpAnswer": answer})
            await endpoint.invoke("gatherCandidates")
            await candidates.flow_to(lambda candidate: _add(endpoint, candidate))

    async def hear(self, user: User, message: SdpAnswer | IceCandidate) -> None:
        """Does nothing: a Kurento makes no offers here."""

    async def unseat(self, user: User) -> None:
        """Release the user's objects; the others stay. Raises only `KurentoLost`."""
        async with self._places.unseating(user) as place:
            if place is None:
                return
            await self._stop_recording(place)
            if place.endpoint in self._wired:
                self._wired.remove(place.endpoint)
            async with self._releasing:
                await _release(place.hub_port)
                await _release(place.endpoint)
            place.hub_port = place.endpoint = None

    async def end(self) -> None:
        """Release everything, in an order that the server survives. Raises only `KurentoLost`."""
        self._ended = True
        await asyncio.gather(*(self._stop_recording(each) for each in self._places.values()))
        if self._shape is not Shape.BROADCAST:  # its many viewers are released with the pipeline
            for user in list(self._places):
                await self.unseat(user)
        async with self._opening:
            await _release(self._mixer)
            await _release(self._pipeline)
            self._mixer = self._pipeline = None

    async def _open(self) -> MediaObject | None:
        """Return the pipeline, made when there is none; `None` once the stage has ended."""
        async with self._opening:
            if self._ended:
                return None
            if self._pipeline is None:
                kurento = await self._connect()
                self._pipeline = await kurento.create("MediaPipeline")
            if self._mixer is None and self._shape in (Shape.ROOM, Shape.MIXED_ROOM):
                in_it = {"mediaPipeline": self._pipeline, **self._mix}
                self._mixer = await self._pipeline.client.create("Composite", in_it)
            return self._pipeline

    async def _wire(self, place: _Place, endpoint: MediaObject) -> None:
        earlier = list(self._wired)
        match self._shape:
            case Shape.CALL:
                self._wired.append(endpoint)
                for other in earlier:
                    await other.connect(endpoint)
                    await endpoint.connect(other)
            case Shape.ROOM | Shape.MIXED_ROOM:
                place.hub_port = await endpoint.client.create("HubPort", {"hub": self._mixer})
                await endpoint.connect(place.hub_port)
                await place.hub_port.connect(endpoint)
            case Shape.BROADCAST if earlier:
                await earlier[0].connect(endpoint)
            case Shape.BROADCAST:
                self._wired.append(endpoint)

    async def _stop_recording(self, place: _Place) -> None:
        recorder, place.recorder = place.recorder, None
        if recorder is not None:
            await recorder.close()

    def _found(self, user: User, event: KurentoEvent) -> None:
        found = event.data["candidate"]
        candidate = {key: found[key] for key in ("candidate", "sdpMid", "sdpMLineIndex")}
        self._to_page(user, {"id": "iceCandidate", "candidate": candidate})

    def _not_recorded(self, user: User, why: str) -> None:
        self._to_page(user, {"id": "notice", "message": f"This call is not recorded: {why}"})


async def _add(endpoint: MediaObject, candidate: IceCandidate) -> None:
    said = {
        "__module__": "kurento",
        "__type__": "IceCandidate",
        "candidate": candidate.candidate,
        "sdpMid": candidate.sdp_mid,
        "sdpMLineIndex": candidate.sdp_m_line_index,
    }
    await endpoint.invoke("addIceCandidate", candidate=said)


async def _release(thing: MediaObject | None) -> None:
    """Release an object; a refusal is logged, so that the rest is still released."""
    if thing is None:
        return
    try:
        await thing.release()
    except (KurentoRefused, KurentoTimeout) as error:
        _log.warning("%s was not released: %s", thing.id, error)
