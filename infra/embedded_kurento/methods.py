"""What each method of Kurento's protocol does: create, invoke, subscribe, release and the like."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from infra.embedded_kurento.definitions import definitions
from infra.embedded_kurento.errors import (
    Refusal,
    no_such_operation,
    type_not_available,
    wrong_parameter,
)
from infra.embedded_kurento.factories import Factory
from infra.embedded_kurento.invocation import arguments, invoke
from infra.embedded_kurento.objects import Json, ObjectTree
from infra.embedded_kurento.server_manager import ServerManager
from infra.embedded_kurento.sessions import Session

Method = Callable[[Session, Mapping[str, Any]], Awaitable[dict[str, Json] | None]]
"""Answers a session's request with its parameters; `None` for an answer without a result."""


class Methods:
    """`by_name`: what each does to a `tree` of objects; `factories` are the types of `create`."""

    def __init__(
        self,
        tree: ObjectTree,
        factories: Mapping[str, Factory],
        end: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._tree = tree
        self._factories = factories
        self._end = end
        self.by_name: Mapping[str, Method] = {
            "create": self._create,
            "invoke": self._invoke,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "release": self._release,
            "describe": self._describe,
            "ref": self._ref,
            "closeSession": self._close_session,
        }

    async def _create(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        type_name = _text(params, "type").rpartition(".")[2]
        factory = self._factories.get(type_name)
        if factory is None:
            raise type_not_available(type_name)
        constructor = definitions().classes[type_name].constructor or ()
        given = arguments(self._tree, constructor, _object(params, "constructorParams"))
        parent = given.pop("media_pipeline", None) or given.pop("hub", None)
        properties = _object(params, "properties")
        created = factory(self._tree, parent, self._tree.new_id(parent, type_name), **given)
        try:
            for name, value in properties.items():
                invoke(self._tree, created, f"set{name[:1].upper()}{name[1:]}", {name: value})
        except Refusal:
            await created.close()
            raise
        self._tree.add(created, session.id)
        return {"value": created.id}

    async def _invoke(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        target = self._tree.find(_text(params, "object"))
        operation = _text(params, "operation")
        result = invoke(self._tree, target, operation, _object(params, "operationParams"))
        if inspect.isawaitable(result):
            result = await result
        return {"value": result}

    async def _subscribe(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        target = self._tree.find(_text(params, "object"))
        return {"value": target.subscribe(_text(params, "type"), session.id, session.deliver)}

    async def _unsubscribe(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        """Unsubscribe; no error for a released object, as in Kurento: clients do that."""
        object_id, subscription = _text(params, "object"), _text(params, "subscription")
        if object_id in self._tree.objects:
            self._tree.objects[object_id].subscriptions.pop(subscription, None)
        return {}

    async def _release(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        object_id = _text(params, "object")
        if isinstance(self._tree.objects.get(object_id), ServerManager):
            raise no_such_operation("release", 1)
        await self._tree.release(object_id)
        return {}

    async def _describe(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        described = self._tree.find(_text(params, "object"))
        self._tree.keep(described.id, session.id)
        _, *ancestors = definitions().lineage(described.type_name)
        return {
            "hierarchy": [f"kurento.{ancestor.name}" for ancestor in ancestors],
            "qualifiedType": f"kurento.{described.type_name}",
            "type": described.type_name,
        }

    async def _ref(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        self._tree.keep(self._tree.find(_text(params, "object")).id, session.id)
        return {}

    async def _close_session(self, session: Session, _: Mapping[str, Any]) -> None:
        await self._end(session)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise wrong_parameter(name, "string")
    return value


def _object(params: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = params.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong_parameter(name, "object")
    return value
