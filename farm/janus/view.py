"""Reads a Janus' own figures over its admin API during a trial.

It only reads. One connection serves the whole run; a lost one is replaced, and figures that cannot
be read are left out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, Literal

from farm.errors import JanusError, JanusRefused
from farm.janus.admin import AdminAccess, JanusAdmin
from farm.model.janus_samples import JanusSample, JanusStream
from farm.protocols import Clock

HANDLES_A_SAMPLE = 8
"""Handles whose counters are read a sample, in turn: each costs the server some work."""

KINDS: Mapping[str, Literal["audio", "video"]] = {"audio": "audio", "video": "video"}


class JanusView:
    """Implements `protocols.ServerView`."""

    def __init__(self, access: AdminAccess, clock: Clock, *, every_s: float = 5.0) -> None:
        self._access = access
        self._clock = clock
        self._every_s = every_s
        self._admin: JanusAdmin | None = None
        self._next_handle = 0

    async def samples(self) -> AsyncGenerator[JanusSample]:
        """One every `every_s` until closed; while the server does not answer there are none."""
        while True:
            sample = await self.sample()
            if sample is not None:
                yield sample
            await self._clock.sleep_until(self._clock.run_s() + self._every_s)

    async def sample(self) -> JanusSample | None:
        """Its sessions and handles now, and counters of some; `None` if it does not answer."""
        try:
            admin = await self._connected()
            sessions = await admin.sessions()
            handles = [
                (each, handle) for each in sessions for handle in await _handles(admin, each)
            ]
            streams = [
                stream
                for session, handle in self._next_handles(handles)
                for stream in await _streams(admin, session, handle)
            ]
            return JanusSample(self._clock.run_s(), len(sessions), len(handles), tuple(streams))
        except JanusError:
            await self.close()
            return None

    async def topology(self) -> None:
        """`None`: a Janus has no pipelines."""

    async def close(self) -> None:
        """Idempotent."""
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()

    async def _connected(self) -> JanusAdmin:
        if self._admin is None:
            admin = JanusAdmin(self._access, connect_within_s=2)
            await admin.open()
            self._admin = admin
        return self._admin

    def _next_handles(self, handles: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The next few handles, in turn."""
        if len(handles) <= HANDLES_A_SAMPLE:
            return handles
        start = self._next_handle % len(handles)
        self._next_handle = start + HANDLES_A_SAMPLE
        return (handles + handles)[start : start + HANDLES_A_SAMPLE]


def streams_of(handle: int, info: Mapping[str, Any]) -> Iterator[JanusStream]:
    """The streams in the answer to `handle_info`; times in s."""
    media: Mapping[str, Any] = (info.get("webrtc") or {}).get("media") or {}
    for line in media.values():
        kind = KINDS.get(line.get("type"))
        if kind is None:
            continue
        main = (line.get("rtcp") or {}).get("main") or {}
        rtt_ms = main.get("rtt")
        stats = line.get("stats") or {}
        # Janus counts a NACK where it goes: those for what it sends come in.
        for name, back, lost in (("in", "out", "lost"), ("out", "in", "lost-by-remote")):
            counted = stats.get(name) or {}
            if not counted.get("packets"):
                continue  # nothing goes that way
            yield JanusStream(
                handle=handle,
                plugin=str(info.get("plugin", "")).removeprefix("janus.plugin."),
                direction="inbound" if name == "in" else "outbound",
                kind=kind,
                packets=counted.get("packets"),
                octets=counted.get("bytes"),
                packets_lost=main.get(lost),
                nacks=(stats.get(back) or {}).get("nacks"),
                round_trip_time_s=rtt_ms / 1000 if rtt_ms else None,
            )


async def _handles(admin: JanusAdmin, session: int) -> list[int]:
    try:
        return await admin.handles(session)
    except JanusRefused:
        return []  # it has ended meanwhile


async def _streams(admin: JanusAdmin, session: int, handle: int) -> list[JanusStream]:
    try:
        return list(streams_of(handle, await admin.handle(session, handle)))
    except JanusRefused:
        return []
