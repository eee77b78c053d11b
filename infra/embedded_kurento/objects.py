"""The media objects of the server: a tree with names, tags, references and events.

A class of objects is a Python class with `type_name` set to its Kurento type. What clients call on
it is marked with `@operation` and named as Kurento names it, in snake case: `addIceCandidate` is
`add_ice_candidate(candidate=...)`. Properties are plain values in `self.values`, or computed by a
method marked `@reads("connectionState")`. `invocation.py` finds them through the definitions.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from infra.embedded_kurento.definitions import definitions
from infra.embedded_kurento.errors import (
    event_not_supported,
    object_not_found,
    tag_not_found,
)

logger = logging.getLogger(__name__)

Json = Any
"""A value that `json` can write; Kurento's complex types are dictionaries with `__type__`."""

Function = TypeVar("Function", bound=Callable[..., Any])


def operation(function: Function) -> Function:
    """Mark a method (plain or async) as one that clients may invoke under its kmd name."""
    function.__dict__["kurento_operation"] = True
    return function


def reads(property_name: str) -> Callable[[Function], Function]:
    """Mark a method as the getter of a property of the definitions."""

    def mark(function: Function) -> Function:
        function.__dict__["kurento_property"] = property_name
        return function

    return mark


def snake_case(name: str) -> str:
    """`sinkMediaDescription` -> `sink_media_description`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def complex_type(type_name: str, **members: Json) -> dict[str, Json]:
    """A value of one of Kurento's complex types, as it goes over the wire."""
    return {"__module__": "kurento", "__type__": type_name, **members}


@dataclass(slots=True)
class Subscription:
    """A session's subscription to one type of event of one object."""

    id: str
    session_id: str
    event_type: str
    deliver: Callable[[dict[str, Json]], None]


class MediaObject:
    """One object. `parent` is None for pipelines and for the server manager.

    Subclasses override `close` for what they own; it is called once, by `ObjectTree.release`,
    after all children are closed and the object is out of the tree.
    """

    type_name: ClassVar[str]

    def __init__(self, tree: ObjectTree, parent: MediaObject | None, object_id: str) -> None:
        self.tree = tree
        self.parent = parent
        self.id = object_id
        self.created_at = time.time()
        self.tags: dict[str, str] = {}
        self.children: list[MediaObject] = []
        self.subscriptions: dict[str, Subscription] = {}
        self.values: dict[str, Json] = {"name": object_id, "sendTagsInEvents": False}

    async def close(self) -> None:
        """Release sockets, files and tasks. Never raises for a peer that is already gone."""

    def subscribe(
        self, event_type: str, session_id: str, deliver: Callable[[dict[str, Json]], None]
    ) -> str:
        """Returns the subscription's id. Raises `event_not_supported` for unknown events."""
        if not definitions().has_event(self.type_name, event_type):
            raise event_not_supported(event_type)
        subscription = Subscription(str(uuid.uuid4()), session_id, event_type, deliver)
        self.subscriptions[subscription.id] = subscription
        return subscription.id

    def emit(self, event_type: str, **data: Json) -> None:
        """Send an event to all its subscribers; `data` are the event's own members."""
        wanted = [each for each in self.subscriptions.values() if each.event_type == event_type]
        if not wanted:
            return
        tags = self.get_tags() if self.values["sendTagsInEvents"] else []
        event = {
            "object": self.id,
            "type": event_type,
            "data": {
                "source": self.id,
                "tags": tags,
                "timestampMillis": str(int(time.time() * 1000)),
                "type": event_type,
                **data,
            },
        }
        for subscription in wanted:
            subscription.deliver(event)

    @operation
    def add_tag(self, key: str, value: str) -> None:
        self.tags[key] = value

    @operation
    def remove_tag(self, key: str) -> None:
        if self.tags.pop(key, None) is None:
            raise tag_not_found(key)

    @operation
    def get_tag(self, key: str) -> str:
        if key not in self.tags:
            raise tag_not_found(key)
        return self.tags[key]

    @operation
    def get_tags(self) -> list[Json]:
        return [complex_type("Tag", key=key, value=value) for key, value in self.tags.items()]

    @reads("id")
    def read_id(self) -> str:
        return self.id

    @reads("parent")
    def read_parent(self) -> str | None:
        return self.parent.id if self.parent else None

    @reads("mediaPipeline")
    def read_media_pipeline(self) -> str:
        return self.root.id

    @reads("children")
    def read_children(self) -> list[str]:
        return [child.id for child in self.children]

    @reads("creationTime")
    def read_creation_time(self) -> int:
        return int(self.created_at)

    @property
    def root(self) -> MediaObject:
        """The pipeline the object lives in, or itself."""
        found: MediaObject = self
        while found.parent is not None:
            found = found.parent
        return found


def operation_of(target: MediaObject, name: str) -> str | None:
    """The Python method of a Kurento operation; None if the object's class has none."""
    method = snake_case(name)
    return method if getattr(getattr(target, method, None), "kurento_operation", False) else None


def getter_of(target: MediaObject, property_name: str) -> str | None:
    """The Python method that computes a property, None if its value is in `values`."""
    for ancestor in type(target).__mro__:
        for name, member in vars(ancestor).items():
            if getattr(member, "kurento_property", None) == property_name:
                return name
    return None


@dataclass(slots=True)
class ObjectTree:
    """All objects by id, and the sessions that hold them.

    `on_created` and `on_destroyed` are called for each object (the server manager's events).
    """

    objects: dict[str, MediaObject] = field(default_factory=dict)
    keepers: dict[str, set[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    on_created: Callable[[MediaObject], None] = lambda _: None
    on_destroyed: Callable[[str], None] = lambda _: None

    def find(self, object_id: str) -> MediaObject:
        """The object. Raises `object_not_found` if it does not exist, or no longer."""
        found = self.objects.get(object_id)
        if found is None:
            raise object_not_found(object_id)
        return found

    def of_type(self, type_name: str) -> Iterator[MediaObject]:
        return (each for each in self.objects.values() if each.type_name == type_name)

    def new_id(self, parent: MediaObject | None, type_name: str) -> str:
        own = f"{uuid.uuid4()}_kurento.{type_name}"
        return f"{parent.id}/{own}" if parent else own

    def count(self, what: str) -> int:
        """The next number (0, 1, 2, ...) for the names of one kind of thing."""
        self.counts[what] += 1
        return self.counts[what] - 1

    def add(self, added: MediaObject, session_id: str) -> None:
        self.objects[added.id] = added
        self.keepers[added.id] = {session_id}
        if added.parent is not None:
            added.parent.children.append(added)
        self.on_created(added)

    def keep(self, object_id: str, session_id: str) -> None:
        """Add a session to those that hold the object (`ref`, `describe`)."""
        if object_id in self.keepers:
            self.keepers[object_id].add(session_id)

    async def release(self, object_id: str) -> None:
        """Close the object and all below it, newest first. Releasing an unknown id does nothing.

        The whole subtree is out of the tree before anything is closed, so that no request
        reaches an object that is partly closed.
        """
        released = self.objects.get(object_id)
        if released is None:
            return
        if released.parent is not None:
            released.parent.children.remove(released)
        doomed = list(_newest_first(released))
        for each in doomed:
            del self.objects[each.id]
            del self.keepers[each.id]
        for each in doomed:
            try:
                await each.close()
            except Exception:
                logger.exception("closing %s failed", each.id)
            each.subscriptions.clear()
            self.on_destroyed(each.id)

    async def forget(self, session_id: str) -> None:
        """End a session: remove its subscriptions, and the objects that no other session holds."""
        kept_by_none = []
        for object_id, sessions in self.keepers.items():
            sessions.discard(session_id)
            if not sessions:
                kept_by_none.append(object_id)
        for each in self.objects.values():
            each.subscriptions = {
                key: subscription
                for key, subscription in each.subscriptions.items()
                if subscription.session_id != session_id
            }
        for object_id in kept_by_none:
            await self.release(object_id)


def _newest_first(root: MediaObject) -> Iterator[MediaObject]:
    for child in reversed(root.children):
        yield from _newest_first(child)
    yield root
