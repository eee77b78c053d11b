"""Clips for cameras and microphones: `camera` and `speech` are made here, PyAV reads files."""

from __future__ import annotations

from farm.media.clips import Clip, check_clips, prepare
from farm.media.prepared import with_light_banks

__all__ = [
    "Clip",
    "check_clips",
    "prepare",
    "with_light_banks",
]
