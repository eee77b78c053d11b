"""Reads the media server's own figures over its protocol during a trial.

It only reads: nothing is created, and no object is referenced, so that none is kept alive. One
client serves the whole run; a lost one is replaced, and figures that cannot be read are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from farm.errors import KurentoError, KurentoRefused
from farm.kurento.client import KurentoClient
from farm.kurento.protocol import SERVER
from farm.model.kurento_samples import (
    EndpointStats,
    KurentoConnection,
    KurentoElement,
    KurentoSample,
    KurentoTopology,
)
from farm.protocols import Clock

CPU_OVER_MS = 200
"""The server measures its CPU over this time, which blocks one of its threads."""

ENDPOINTS_A_SAMPLE = 8
"""Endpoints whose statistics are read a sample, in turn: each costs the server some work."""

MEDIA_TYPES: Mapping[Literal["audio", "video"], str] = {"audio": "AUDIO", "video": "VIDEO"}

_TYPE = re.compile(r"_kurento\.(\w+)$")
_LEAF = re.compile(r"(Endpoint|HubPort|Filter)$")
"""Types without children: to ask every element of a hundred calls would take too long."""


class KurentoView:
    """Implements `protocols.ServerView`."""

    def __init__(self, url: str, clock: Clock, *, every_s: float = 5.0) -> None:
        self._url = url
        self._clock = clock
        self._every_s = every_s
        self._client: KurentoClient | None = None
        self._next_endpoint = 0

    async def samples(self) -> AsyncGenerator[KurentoSample]:
        """One every `every_s` until closed; while the server does not answer there are none."""
        while True:
            sample = await self.sample()
            if sample is not None:
                yield sample
            await self._clock.sleep_until(self._clock.run_s() + self._every_s)

    async def sample(self) -> KurentoSample | None:
        """Its pipelines, elements and resource use now; `None` if it does not answer."""
        try:
            client = await self._connected()
            pipelines = list(await client.pipelines())
            elements = [element for each in pipelines for element in await _elements(client, each)]
            endpoints = [each.id for each in elements if each.type == "WebRtcEndpoint"]
            return KurentoSample(
                received_s=self._clock.run_s(),
                pipelines=len(pipelines),
                elements=tuple(sorted(Counter(each.type for each in elements).items())),
                used_cpu_percent=await _figure(client, "getUsedCpu", interval=CPU_OVER_MS),
                used_memory_bytes=_from_kib(await _figure(client, "getUsedMemory")),
                endpoints=tuple(
                    [
                        stats
                        for endpoint in self._next_endpoints(endpoints)
                        for stats in await _stats(client, endpoint)
                    ]
                ),
            )
        except KurentoError:
            await self.close()
            return None

    async def topology(self) -> KurentoTopology | None:
        """Elements and connections of the first pipeline now; `None` without one."""
        try:
            client = await self._connected()
            for pipeline in await client.pipelines():
                elements = await _elements(client, pipeline)
                if elements:
                    return KurentoTopology(
                        tuple(elements),
                        tuple([to for each in elements for to in await _connections(client, each)]),
                    )
        except KurentoError:
            await self.close()
        return None

    async def close(self) -> None:
        """Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KurentoError):
                await client.close()

    async def _connected(self) -> KurentoClient:
        if self._client is None:
            self._client = await KurentoClient.open(self._url, connect_within_s=2)
        return self._client

    def _next_endpoints(self, endpoints: list[str]) -> list[str]:
        """The next few endpoints, in turn."""
        if len(endpoints) <= ENDPOINTS_A_SAMPLE:
            return endpoints
        start = self._next_endpoint % len(endpoints)
        self._next_endpoint = start + ENDPOINTS_A_SAMPLE
        return (endpoints + endpoints)[start : start + ENDPOINTS_A_SAMPLE]


async def _elements(client: KurentoClient, parent: str) -> list[KurentoElement]:
    """All objects in a pipeline, those in hubs too, except those released meanwhile."""
    elements: list[KurentoElement] = []
    for child in await _invoke_or_none(client, parent, "getChildren") or []:
        elements.append(KurentoElement(child, type_of(child)))
        if not _LEAF.search(child):
            elements += await _elements(client, child)
    return elements


async def _connections(client: KurentoClient, element: KurentoElement) -> list[KurentoConnection]:
    """The element's connections to others, and whether their media is transcoded."""
    connections = []
    for each in await _invoke_or_none(client, element.id, "getSinkConnections") or []:
        kind: Literal["audio", "video"] | None = next(
            (kind for kind, name in MEDIA_TYPES.items() if name == each.get("type")), None
        )
        if kind is not None:
            transcoded = await _invoke_or_none(
                client, element.id, "isMediaTranscoding", mediaType=MEDIA_TYPES[kind]
            )
            connections.append(KurentoConnection(element.id, each["sink"], kind, transcoded))
    return connections


async def _stats(client: KurentoClient, endpoint: str) -> Iterable[EndpointStats]:
    every = []
    for kind, media_type in MEDIA_TYPES.items():
        stats = await _invoke_or_none(client, endpoint, "getStats", mediaType=media_type) or {}
        for each in stats.values():
            if each.get("type") in ("inboundrtp", "outboundrtp"):
                every.append(endpoint_stats(endpoint, kind, each))
    return every


def endpoint_stats(
    endpoint: str, kind: Literal["audio", "video"], stats: Mapping[str, Any]
) -> EndpointStats:
    """One of Kurento's RTCInboundRTPStreamStats or RTCOutboundRTPStreamStats; times in s."""
    inbound = stats["type"] == "inboundrtp"
    return EndpointStats(
        endpoint=endpoint,
        direction="inbound" if inbound else "outbound",
        kind=kind,
        packets=stats.get("packetsReceived" if inbound else "packetsSent"),
        octets=stats.get("bytesReceived" if inbound else "bytesSent"),
        packets_lost=stats.get("packetsLost"),
        nacks=stats.get("nackCount"),
        plis=stats.get("pliCount"),
        jitter_s=stats.get("jitter"),
        round_trip_time_s=stats.get("roundTripTime"),
        remb_bps=stats.get("remb"),
    )


def type_of(object_id: str) -> str:
    """`WebRtcEndpoint` of `..._kurento.MediaPipeline/..._kurento.WebRtcEndpoint`."""
    match = _TYPE.search(object_id)
    return "unknown" if match is None else match.group(1)


async def _invoke_or_none(
    client: KurentoClient, object_id: str, operation: str, /, **params: Any
) -> Any:
    """The answer; `None` if the object is gone or does not know the operation."""
    try:
        return await client.invoke(object_id, operation, **params)
    except KurentoRefused:
        return None


async def _figure(client: KurentoClient, operation: str, **params: Any) -> float | None:
    value = await _invoke_or_none(client, SERVER, operation, **params)
    return value if isinstance(value, int | float) else None


def _from_kib(kib: float | None) -> int | None:
    return None if kib is None else round(kib * 1024)
