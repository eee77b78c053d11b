"""Run folders with a manifest and perhaps a summary, for tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from farm.model.json_values import to_text
from farm.recording.run_folder import RunFolder
from farm.testing import WALL_S
from tests.synthetic import manifest

DAY_S = 86_400.0


def make_run(directory: Path, name: str, age_s: float = 0.0, summary: object = None) -> Path:
    folder = RunFolder.create(directory, name)
    folder.manifest.write_text(to_text(replace(manifest(), started_wall_s=WALL_S - age_s)))
    if summary is not None:
        folder.summary.write_text(json.dumps(summary))
    return folder.path
