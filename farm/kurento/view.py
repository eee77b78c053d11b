"""The media server's own view of itself, asked over its protocol while a trial goes on.

Reads only: nothing is created, and no object is referred to, so that none is kept alive. One
client for the whole run; when it is lost a new one is made, and what cannot be asked is left out.
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
"""The server measures its CPU over this time, and one of its threads waits for it."""

ENDPOINTS_A_SAMPLE = 8
"""Statistics of so many endpoints a sample, in turn: each costs the server some work."""

MEDIA_TYPES: Mapping[Literal["audio", "video"], str] = {"audio": "AUDIO", "video": "VIDEO"}

_TYPE = re.compile(r"_kurento\.(\w+)$")
_LEAF = re.compile(r"(Endpoint|HubPort|Filter)$")
"""What has nothing below it: asking all of a hundred calls would take longer than a sample may."""


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
        """What it holds and uses now; `None` when it does not answer."""
        try:
            client = await self._connected()
            pipelines = list(await client.pipelines())
            elements = [element for each in pipelines for element in await _below(client, each)]
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
                        for endpoint in self._some(endpoints)
                        for stats in await _stats(client, endpoint)
                    ]
                ),
            )
        except KurentoError:
            await self.close()
            return None

    async def topology(self) -> KurentoTopology | None:
        """The first pipeline as it is built now; `None` without one."""
        try:
            client = await self._connected()
            for pipeline in await client.pipelines():
                elements = await _below(client, pipeline)
                if elements:
                    return KurentoTopology(
                        tuple(elements),
                        tuple([way for each in elements for way in await _ways(client, each)]),
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

    def _some(self, endpoints: list[str]) -> list[str]:
        """The next few in turn."""
        if len(endpoints) <= ENDPOINTS_A_SAMPLE:
            return endpoints
        start = self._next_endpoint % len(endpoints)
        self._next_endpoint = start + ENDPOINTS_A_SAMPLE
        return (endpoints + endpoints)[start : start + ENDPOINTS_A_SAMPLE]


async def _below(client: KurentoClient, parent: str) -> list[KurentoElement]:
    """All objects in a pipeline, those in hubs too; what goes meanwhile is left out."""
    found: list[KurentoElement] = []
    for child in await _asked(client, parent, "getChildren") or []:
        found.append(KurentoElement(child, type_of(child)))
        if not _LEAF.search(child):
            found += await _below(client, child)
    return found


async def _ways(client: KurentoClient, element: KurentoElement) -> list[KurentoConnection]:
    """Where its media goes, and whether it is transcoded on the way."""
    ways = []
    for each in await _asked(client, element.id, "getSinkConnections") or []:
        kind: Literal["audio", "video"] | None = next(
            (kind for kind, name in MEDIA_TYPES.items() if name == each.get("type")), None
        )
        if kind is not None:
            transcoded = await _asked(
                client, element.id, "isMediaTranscoding", mediaType=MEDIA_TYPES[kind]
            )
            ways.append(KurentoConnection(element.id, each["sink"], kind, transcoded))
    return ways


async def _stats(client: KurentoClient, endpoint: str) -> Iterable[EndpointStats]:
    found = []
    for kind, media_type in MEDIA_TYPES.items():
        stats = await _asked(client, endpoint, "getStats", mediaType=media_type) or {}
        for each in stats.values():
            if each.get("type") in ("inboundrtp", "outboundrtp"):
                found.append(endpoint_stats(endpoint, kind, each))
    return found


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
    found = _TYPE.search(object_id)
    return "unknown" if found is None else found.group(1)


async def _asked(client: KurentoClient, object_id: str, operation: str, /, **params: Any) -> Any:
    """The answer, `None` for what is gone meanwhile or does not know the operation."""
    try:
        return await client.invoke(object_id, operation, **params)
    except KurentoRefused:
        return None


async def _figure(client: KurentoClient, operation: str, **params: Any) -> float | None:
    value = await _asked(client, SERVER, operation, **params)
    return value if isinstance(value, int | float) else None


def _from_kib(kib: float | None) -> int | None:
    return None if kib is None else round(kib * 1024)
