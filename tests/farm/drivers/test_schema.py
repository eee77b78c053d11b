"""The JSON schema of drivers: what is committed, what it allows, and what it refuses."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from farm.drivers.schema import VALUES, schema
from farm.drivers.step_reading import STEP_KEYS
from farm.experiment_file.yaml_nodes import read_yaml
from tests.farm.drivers import test_step_reading

DRIVERS = sorted(Path(str(files("browser_scripts"))).glob("drivers/*.yaml"))


def errors(driver: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema())
    return [error.message for error in validator.iter_errors(driver)]


def with_step(step: str) -> Any:
    text = test_step_reading.STEPS + "".join(f"      {line}\n" for line in step.splitlines())
    return read_yaml(text, "d.yaml").value


def test_the_committed_schema_is_the_codes() -> None:
    committed = (files("farm") / "driver.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == schema(), (
        "run: python -m farm.drivers.schema > farm/driver.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(schema())
    assert list(VALUES) == list(STEP_KEYS)


@pytest.mark.parametrize("path", DRIVERS, ids=lambda path: path.stem)
def test_drivers_that_come_with_the_farm_are_valid(path: Path) -> None:
    assert errors(read_yaml(path.read_text(), path.name).value) == []


@pytest.mark.parametrize("step", [step for step, _ in test_step_reading.GOOD])
def test_what_the_reader_reads_is_valid(step: str) -> None:
    assert errors(with_step(step)) == []


@pytest.mark.parametrize(
    "step",
    [
        "- clik: a",
        "- reload: 5",
        "- pause: 5",
        "- mute: audio",
        '- click: "#a"\n  steps: []',
        '- if_visible: "#a"',
        "- repeat: 0\n  steps: [reload: true]",
        "- wait_for: {network: busy}",
        "- goto: a\n  frame: b",
    ],
)
def test_a_slip_is_not(step: str) -> None:
    assert errors(with_step(step))
