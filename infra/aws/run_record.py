"""The record of a run on AWS, `run.json`, and the run that an inventory names."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from infra.aws.marked_folder import kind_of

RECORD = "run.json"
INVENTORY_HEAD = "# Written by `farm provision`; what an experiment writes itself is stronger.\n"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `run.json` holds; `expires` is ISO 8601, UTC."""

    run: str
    expires: str
    regions: tuple[str, ...]

    @property
    def expires_at(self) -> datetime:
        return datetime.fromisoformat(self.expires)


def record_in(path: Path) -> RunRecord:
    """The record in a file. Raises OSError, ValueError, KeyError, TypeError, RecursionError."""
    if kind_of(path) != stat.S_IFREG:
        raise ValueError("not a file")
    found = json.loads(path.read_text(encoding="utf-8"))
    return RunRecord(found["run"], found["expires"], tuple(found["regions"]))


def run_of(inventory: Path) -> str | None:
    """The run that an inventory names; `None` where `farm provision` did not write it."""
    if kind_of(inventory) != stat.S_IFREG:
        return None
    try:
        text = inventory.read_text(encoding="utf-8")
        plain = yaml.safe_load(text) if text.startswith(INVENTORY_HEAD) else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
    named = plain.get("run") if isinstance(plain, dict) else None
    return named if isinstance(named, str) else None
