"""Janus' API over WebSocket: the `client`, the `admin` API, the `protocol` (pure), the `view`."""

from __future__ import annotations

from farm.janus.client import JanusClient, JanusHandle, JanusSession
from farm.janus.protocol import JanusEvent

__all__ = [
    "JanusClient",
    "JanusEvent",
    "JanusHandle",
    "JanusSession",
]
