"""Keeps densities measured by `farm doctor --density`, for `probes.density: measured`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from farm.errors import BadInput
from farm.files.file_lock import waited_for
from farm.model.experiment import Experiment
from farm.planning.trial_planning import camera_size
from farm.recording.durable_file import recording_error, sweep, write_text

MEASURE = "measure it: farm doctor --density EXPERIMENT"


def density_file() -> Path:
    """The path of a JSON file: for each kind of probe, how many `probes` how many `cores` carry."""
    return user_cache_path("probe-farm") / "density.json"


def kind_of_probe(experiment: Experiment) -> str:
    """The kind of probe, by all that its CPU depends on: fidelity, scenario, camera."""
    size, rate = camera_size(experiment), experiment.media.frame_rate
    return f"{experiment.probes.fidelity} {experiment.scenario.kind} {size} {rate}"


def remember(experiment: Experiment, probes: int, cores: int, file: Path) -> None:
    """Store the density of a kind of probe in place of the old one. Raises RecordingError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file.parent)
        # Under a lock, so that entries of another farm process stay.
        with waited_for(file.with_name(f"{file.name}.lock")):
            known = {**_known(file), kind_of_probe(experiment): {"probes": probes, "cores": cores}}
            write_text(file, json.dumps(known, indent=1))
    except OSError as error:
        raise recording_error(file, error) from error


def room_for(experiment: Experiment, cores: int, file: Path) -> int | None:
    """The most probes that a machine of `cores` carries; `None`: no limit is asked for.

    Raises BadInput where this machine was never measured with such probes.
    """
    if experiment.probes.density is None:
        return None
    kind = kind_of_probe(experiment)
    density = _known(file).get(kind)
    if density is None:
        raise BadInput(f"probes.density: measured: no density of {kind!r} is known; {MEASURE}")
    return max(1, int(density["probes"] * cores / density["cores"]))


def _known(file: Path) -> Mapping[str, Any]:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
