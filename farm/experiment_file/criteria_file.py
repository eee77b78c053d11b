"""Reads a file with `criteria:`, `invalid:` or both; a whole experiment is accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from farm.errors import ExperimentError
from farm.experiment_file.reading import parse_experiment
from farm.experiment_file.schema import settings_of
from farm.experiment_file.yaml_nodes import read_yaml
from farm.files.text_file import text_of
from farm.model.criteria import Criteria, InvalidLimits

S = TypeVar("S", Criteria, InvalidLimits)


def load_criteria(
    path: Path, criteria: Criteria, invalid: InvalidLimits
) -> tuple[Criteria, InvalidLimits]:
    """`criteria` and `invalid`, with limits replaced by those that the file names.

    Raises ExperimentError with file, line, key, value and what is allowed.
    """
    text = text_of(path)
    parsed, named = parse_experiment(text, str(path)), read_yaml(text, str(path)).value
    if not named.get("criteria") and not named.get("invalid"):
        raise ExperimentError(f"{path}: names no limit: expected criteria: or invalid:")
    return (
        _over(criteria, parsed.criteria, named.get("criteria")),
        _over(invalid, parsed.invalid, named.get("invalid")),
    )


def _over(own: S, parsed: S, named: dict[str, Any] | None) -> S:
    """`own`, with settings whose keys are in `named` taken from `parsed`."""
    changes = {
        setting.field: getattr(parsed, setting.field)
        for setting in settings_of(type(own))
        if setting.key in (named or {})
    }
    return replace(own, **changes)
