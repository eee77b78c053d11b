"""The system under test: its machine sampled and reset (`measured`), or `unseen`."""

from __future__ import annotations

from farm.server.measured import MeasuredServer
from farm.server.unseen import UnseenServer

__all__ = [
    "MeasuredServer",
    "UnseenServer",
]
