"""The run folder: `run_recording` writes it while a run goes on, `reader` reads it back."""

from __future__ import annotations

from farm.recording.run_recording import RunRecording

__all__ = [
    "RunRecording",
]
