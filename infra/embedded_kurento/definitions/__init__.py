"""Kurento's own definitions of its types, properties, methods and events.

`core.kmd.json` and `elements.kmd.json` are the definition files of Kurento 7.3.0 (the Kurento
project, Apache License 2.0) without their documentation texts, those of `elements` gathered in one
file. Operations are looked up here, parameters checked against them, and `get<Name>` / `set<Name>`
served from them, so that names, types and events are Kurento's and not ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a constructor or method. `type` is a kmd type name; `[]` marks a list."""

    name: str
    type: str
    optional: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    type: str
    settable: bool


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class RemoteClass:
    """One type. `constructor` is None for types that cannot be created."""

    name: str
    extends: str | None
    constructor: tuple[Parameter, ...] | None
    properties: Mapping[str, Property]
    methods: Mapping[str, Method]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Definitions:
    """All types by name. Getters and setters are found by their operation's name."""

    classes: Mapping[str, RemoteClass]
    enums: Mapping[str, frozenset[str]]
    modules: Mapping[str, frozenset[str]]

    def lineage(self, type_name: str) -> Iterator[RemoteClass]:
        """The type and its ancestors, nearest first."""
        name: str | None = type_name
        while name is not None:
            found = self.classes[name]
            yield found
            name = found.extends

    def method(self, type_name: str, operation: str) -> Method | None:
        for found in self.lineage(type_name):
            if operation in found.methods:
                return found.methods[operation]
        return None

    def property(self, type_name: str, operation: str) -> tuple[Property, bool] | None:
        """The property of `getName` (with False) or `setName` (with True)."""
        verb, capitalised = operation[:3], operation[3:]
        if verb not in {"get", "set"} or not capitalised:
            return None
        for name in (capitalised, capitalised[0].lower() + capitalised[1:]):
            for found in self.lineage(type_name):
                if name in found.properties:
                    return found.properties[name], verb == "set"
        return None

    def has_event(self, type_name: str, event_type: str) -> bool:
        return any(event_type in found.events for found in self.lineage(type_name))

    def is_a(self, type_name: str, ancestor: str) -> bool:
        return any(found.name == ancestor for found in self.lineage(type_name))


@cache
def definitions() -> Definitions:
    """The definitions, read once."""
    classes: dict[str, RemoteClass] = {}
    enums: dict[str, frozenset[str]] = {}
    modules: dict[str, frozenset[str]] = {}
    for module in ("core", "elements"):
        text = files(__name__).joinpath(f"{module}.kmd.json").read_text(encoding="utf-8")
        document = json.loads(text)
        modules[module] = frozenset(raw["name"] for raw in document["remoteClasses"])
        for raw in document["remoteClasses"]:
            classes[raw["name"]] = _remote_class(raw)
        for raw in document["complexTypes"]:
            if raw["typeFormat"] == "ENUM":
                enums[raw["name"]] = frozenset(raw["values"])
    return Definitions(classes, enums, modules)


def _remote_class(raw: Mapping[str, Any]) -> RemoteClass:
    constructor = raw.get("constructor")
    return RemoteClass(
        name=raw["name"],
        extends=raw.get("extends"),
        constructor=_parameters(constructor) if constructor is not None else None,
        properties={
            each["name"]: Property(
                each["name"], each["type"], not (each.get("readOnly") or each.get("final"))
            )
            for each in raw.get("properties", [])
        },
        methods={
            each["name"]: Method(each["name"], _parameters(each)) for each in raw.get("methods", [])
        },
        events=frozenset(raw.get("events", [])),
    )


def _parameters(raw: Mapping[str, Any]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            each["name"],
            each["type"],
            bool(each.get("optional")) or "defaultValue" in each,
            each.get("defaultValue"),
        )
        for each in raw.get("params", [])
    )
