"""`manifest.json`: settings, versions and machines of a run, the provenance of its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.errors import RecordingError
from farm.model.data_file import DataFacts
from farm.model.experiment import Experiment
from farm.model.host_samples import HostFacts
from farm.model.server_samples import ServerFacts

FORMAT = 1
"""The format of the run folder. A newer one is refused, older ones are read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `manifest.json`; `settings` are the effective ones, with all defaults.

    `versions` are those of the farm, Python and the main libraries, by name. What is known only
    once hosts and server were reached is absent in the first manifest of a run. `kurento` is the
    media server's description of itself. `data` are facts of the file `app.data`, without values.
    """

    started_wall_s: float
    scenario: str
    settings: Experiment
    name: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    chromium: str | None = None
    chromium_flags: tuple[str, ...] = ()
    hosts: tuple[HostFacts, ...] = ()
    server: ServerFacts | None = None
    kurento: Mapping[str, Any] = field(default_factory=dict)
    data: DataFacts | None = None
    format: int = FORMAT


def check_format(path: Path, data: Any) -> dict[str, Any]:
    """The manifest's object, if this version can read its format. Raises RecordingError."""
    number = data.get("format") if isinstance(data, dict) else None
    if not isinstance(number, int):
        raise RecordingError(f"{path} has no format: it is not the manifest of a run")
    if number > FORMAT:
        raise RecordingError(
            f"{path} has format {number}, this version reads up to {FORMAT}: use a newer farm"
        )
    return dict(data)
