"""A client of Kurento Media Server: media objects and their events, on asyncio.

One client is one Kurento session. It survives a dropped socket: objects and subscriptions stay,
only pending calls fail. When the server is gone, or does not know the session any more, every call
fails with `KurentoLost` at once and `lost()` returns.

    async with KurentoClient.connect("ws://127.0.0.1:8888/kurento") as kurento:
        pipeline = await kurento.create("MediaPipeline")
        endpoint = await kurento.create("WebRtcEndpoint", {"mediaPipeline": pipeline})
        await endpoint.subscribe("IceCandidateFound", lambda event: print(event.data["candidate"]))
        answer = await endpoint.invoke("processOffer", offer=offer)
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, Unpack

from farm.errors import KurentoLost
from farm.kurento.link import KurentoLink, LinkLimits
from farm.kurento.protocol import SERVER, Json, KurentoEvent

__all__ = ["EventHandler", "KurentoClient", "KurentoEvent", "MediaObject", "Subscription"]

EventHandler: TypeAlias = Callable[[KurentoEvent], Awaitable[None] | None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MediaObject:
    """A handle on an object that lives in the server; equal handles name the same object."""

    client: KurentoClient = field(repr=False, compare=False)
    id: str

    async def invoke(self, operation: str, **params: Json) -> Json:
        """Return what `operation` answers; a `MediaObject` among `params` goes as its id."""
        return await self.client.invoke(self.id, operation, **params)

    async def connect(self, sink: MediaObject, media_type: str | None = None) -> None:
        """Let this object's media (`AUDIO`, `VIDEO`, `DATA`; all when `None`) flow into `sink`."""
        await self.invoke("connect", sink=sink, **_of_type(media_type))

    async def subscribe(self, type: str, handler: EventHandler | None = None) -> Subscription:
        """Listen to events of `type`: with `handler`, or by iterating over the subscription.

        A plain handler is called as each event is read, in the order sent, across subscriptions
        too; an `async def` one runs beside the reader, one event at a time. Events do not say which
        subscription they belong to, so a second one for the same type is a `ValueError`.
        """
        return await self.client.subscribe(self.id, type, handler)

    async def release(self) -> None:
        """Destroy the object and its children in the server; an unknown object is no error."""
        await self.client.release(self.id)


class Subscription:
    """Events of one type of one object, in order; iteration ends at unsubscribe, release, loss."""

    def __init__(
        self, client: KurentoClient, object: str, type: str, handler: EventHandler | None
    ) -> None:
        self.object = object
        self.type = type
        self._client = client
        self._handler = handler
        self._queue: asyncio.Queue[KurentoEvent | None] = asyncio.Queue()
        self._feeder: asyncio.Task[None] | None = None
        if inspect.iscoroutinefunction(handler):
            self._feeder = asyncio.create_task(self._feed(handler), name=f"{type} of {object}")

    async def unsubscribe(self) -> None:
        """Stop listening; a second call does nothing."""
        await self._client.unsubscribe(self)

    async def __aiter__(self) -> AsyncIterator[KurentoEvent]:
        while (event := await self._queue.get()) is not None:
            yield event
        self._queue.put_nowait(None)  # a second iteration ends as well

    def deliver(self, event: KurentoEvent) -> None:
        """Hand over one event; the client calls it as it reads."""
        if self._handler is None or self._feeder is not None:
            self._queue.put_nowait(event)
            return
        try:
            self._handler(event)
        except Exception:
            _log.exception("a handler of %s failed", event.type)

    def end(self) -> None:
        """Let iterations end after the events that came; called by the client."""
        self._queue.put_nowait(None)

    async def drop(self) -> None:
        """End, and do not wait for an async handler that is still at work."""
        self.end()
        if self._feeder is not None and self._feeder is not asyncio.current_task():
            self._feeder.cancel()
            await asyncio.wait([self._feeder])

    async def _feed(self, handler: Callable[[KurentoEvent], Awaitable[None]]) -> None:
        async for event in self:
            try:
                await handler(event)
            except Exception:
                _log.exception("a handler of %s failed", event.type)


class KurentoClient:
    """One session with a Kurento server, made by `open` or `connect`; see `LinkLimits`."""

    def __init__(self, url: str, **limits: Unpack[LinkLimits]) -> None:
        self.url = url
        self._link = KurentoLink(url, self._deliver, self._end_subscriptions, **limits)
        self._subscriptions: dict[tuple[str, str], Subscription] = {}
        self._ids: dict[Subscription, str] = {}

    @classmethod
    async def open(cls, url: str, **limits: Unpack[LinkLimits]) -> KurentoClient:
        """Return a client that the server has answered; the caller owes `close()`.

        Raises `BadInput` for what is no WebSocket address, `KurentoUnreachable` when nothing
        answers there within `connect_within_s`, or something that is not a Kurento.
        """
        client = cls(url, **limits)
        await client._link.open()
        return client

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, **limits: Unpack[LinkLimits]) -> AsyncIterator[KurentoClient]:
        """Do as `open`, and close at the end of the block."""
        client = await cls.open(url, **limits)
        try:
            yield client
        finally:
            await client.close()

    async def close(self, *, end_session: bool = True) -> None:
        """End the session, which frees all its objects in the server; idempotent.

        Without `end_session` only the socket is closed and the server frees them after 240 s: the
        way out when a Composite with members that still send could not be taken down in order.
        """
        await self._link.close(end_session=end_session)
        await asyncio.gather(*(each.drop() for each in self._subscriptions.values()))
        self._subscriptions.clear()

    async def lost(self) -> KurentoLost:
        """Wait until the session is gone for good, and return why (after `close()` too)."""
        return await self._link.lost()

    async def create(
        self,
        type: str,
        params: Mapping[str, Json] | None = None,
        properties: Mapping[str, Json] | None = None,
    ) -> MediaObject:
        """Create a media object: `params` are its constructor's, `properties` are set on it."""
        id = await self.call(
            "create",
            type=type,
            constructorParams=_by_id(params or {}),
            properties=dict(properties or {}),
        )
        return MediaObject(self, id)

    async def invoke(self, object: str, operation: str, /, **params: Json) -> Json:
        """Invoke `operation` of the object of that id; see `MediaObject.invoke`."""
        named = {"object": object, "operation": operation, "operationParams": _by_id(params)}
        result = await self._link.call("invoke", named)
        return result.get("value")

    async def subscribe(
        self, object: str, type: str, handler: EventHandler | None = None
    ) -> Subscription:
        """Subscribe to events of the object of that id; see `MediaObject.subscribe`."""
        if (object, type) in self._subscriptions:
            raise ValueError(f"already subscribed to {type} of {object}")
        subscription = Subscription(self, object, type, handler)
        self._subscriptions[object, type] = subscription  # events may overtake the answer
        try:
            self._ids[subscription] = await self.call("subscribe", object=object, type=type)
        except BaseException:
            await self._forget(subscription)
            raise
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Stop a subscription; a second call does nothing."""
        id = self._ids.get(subscription)
        await self._forget(subscription)
        if id is not None:
            await self.call("unsubscribe", object=subscription.object, subscription=id)

    async def release(self, object: str) -> None:
        """Release the object of that id with its children; their subscriptions end."""
        try:
            await self.call("release", object=object)
        finally:
            for each in list(self._subscriptions.values()):
                if each.object == object or each.object.startswith(f"{object}/"):
                    await self._forget(each)

    async def call(self, method: str, **params: Json) -> Json:
        """Do one request by its JSON-RPC method; return the `value` of its result, if any."""
        result = await self._link.call(method, params)
        return result.get("value") if isinstance(result, dict) else None

    async def server_info(self) -> Mapping[str, Json]:
        """Return `ServerInfo`: version, type, modules with their factories, capabilities."""
        info: Mapping[str, Json] = await self.invoke(SERVER, "getInfo")
        return info

    async def pipelines(self) -> Sequence[str]:
        """Return the ids of all pipelines in the server, of any session."""
        ids: Sequence[str] = await self.invoke(SERVER, "getPipelines")
        return ids

    def _deliver(self, event: KurentoEvent) -> None:
        subscription = self._subscriptions.get((event.object, event.type))
        if subscription is not None:
            subscription.deliver(event)

    def _end_subscriptions(self) -> None:
        for each in self._subscriptions.values():
            each.end()

    async def _forget(self, subscription: Subscription) -> None:
        self._ids.pop(subscription, None)
        if self._subscriptions.pop((subscription.object, subscription.type), None):
            await subscription.drop()


def _by_id(params: Mapping[str, Json]) -> dict[str, Json]:
    return {
        name: value.id if isinstance(value, MediaObject) else value
        for name, value in params.items()
    }


def _of_type(media_type: str | None) -> dict[str, str]:
    return {} if media_type is None else {"mediaType": media_type}
