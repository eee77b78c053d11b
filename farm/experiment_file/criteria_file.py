"""A file with `criteria:`, `invalid:` or both; a whole experiment will do."""

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
    """`criteria` and `invalid` with what the file names in the place of their own.

    Raises ExperimentError with file, line, key, value and what is allowed.
    """
    text = text_of(path)
    asked, named = parse_experiment(text, str(path)), read_yaml(text, str(path)).value
    if not named.get("criteria") and not named.get("invalid"):
        raise ExperimentError(f"{path}: names no limit: expected criteria: or invalid:")
    return (
        _over(criteria, asked.criteria, named.get("criteria")),
        _over(invalid, asked.invalid, named.get("invalid")),
    )


def _over(own: S, asked: S, named: dict[str, Any] | None) -> S:
    """`own` with the settings that `named` has keys of as they are in `asked`."""
    changes = {
        setting.field: getattr(asked, setting.field)
        for setting in settings_of(type(own))
        if setting.key in (named or {})
    }
    return replace(own, **changes)
