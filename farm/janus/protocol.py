"""Janus' JSON messages as values: parses them, maps errors to exceptions.

Pure: text in, values out. `farm/janus/socket.py` owns the socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from farm.errors import BadInput, JanusRefused

Json: TypeAlias = Any
"""A JSON value; its shape depends on the plugin."""

Sdp: TypeAlias = Mapping[str, str]
"""A `jsep`: `type` and `sdp`."""


@dataclass(frozen=True, slots=True)
class JanusEvent:
    """What a handle says without being asked.

    `kind` is Janus' own: `event` (of its plugin: `data`, and `jsep` if there is an offer or an
    answer with it), `webrtcup`, `hangup`, `slowlink`, `detached`, ...; `whole` is all of it.
    """

    session: int
    handle: int
    kind: str
    data: Mapping[str, Json] = field(default_factory=dict)
    jsep: Sdp | None = None
    whole: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: `data` is the plugin's, or the core's own."""

    transaction: str
    data: Mapping[str, Json]
    jsep: Sdp | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    transaction: str
    error: JanusRefused


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The request is being worked on: its answer follows, if its plugin gives one."""

    transaction: str


Message: TypeAlias = JanusEvent | Answer | Refusal | Acknowledged


def parse(text: str) -> Message | None:
    """The message; `None` for one that is not Janus'."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(kind := said.get("janus"), str):
        return None
    plugin = said.get("plugindata") or {}
    data: Mapping[str, Json] = plugin.get("data") or {}
    if isinstance(transaction := said.get("transaction"), str):
        return _reply(transaction, kind, said, data if plugin else None)
    session, handle = said.get("session_id", 0), said.get("sender", 0)
    return JanusEvent(session, handle, kind, data, said.get("jsep"), said)


def _reply(
    transaction: str, kind: str, said: Mapping[str, Json], plugin: Mapping[str, Json] | None
) -> Answer | Refusal | Acknowledged:
    """What a message with a transaction says; `plugin` is the plugin's data, if it is one's."""
    if kind == "ack":
        return Acknowledged(transaction)
    if kind == "error":
        return Refusal(transaction, _refused(said.get("error") or {}, "code", "reason"))
    if plugin is None:
        return Answer(transaction, said.get("data") or said, said.get("jsep"))
    if "error_code" in plugin or "error" in plugin:
        return Refusal(transaction, _refused(plugin, "error_code", "error"))
    return Answer(transaction, plugin, said.get("jsep"))


def check_url(url: str, setting: str = "url") -> str:
    """The URL; raises `BadInput` naming `setting` if it cannot be a Janus' address."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadInput(f"{setting}: {url}: must be ws://host:8188 or wss://host:8989")
    return url


def _refused(said: Mapping[str, Json], code: str, reason: str) -> JanusRefused:
    number = said.get(code)
    return JanusRefused(
        number if isinstance(number, int) else 0, str(said.get(reason, "no reason given"))
    )
