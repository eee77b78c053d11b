"""Kurento's JSON-RPC 2.0 over WebSocket: the `client`, its `link`, the `protocol` (pure)."""

from __future__ import annotations

from farm.kurento.client import KurentoClient, MediaObject
from farm.kurento.protocol import KurentoEvent

__all__ = [
    "KurentoClient",
    "KurentoEvent",
    "MediaObject",
]
