"""The run folder: written as a run goes on (`run`, `trial`), read by `reader`, `trial_reader`."""

from __future__ import annotations

from farm.recording.run_recording import RunRecording

__all__ = [
    "RunRecording",
]
