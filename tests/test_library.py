"""The farm as others import it: its public names, and the examples of docs/library.md."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import farm
from farm.cli.__main__ import main
from tests.library_page import (
    PAGE,
    Example,
    examples,
    experiment_of_the_page,
    record_the_run_of_the_page,
)

ROOT = PAGE.parents[1]
HEAVY = ("polars", "aiohttp", "playwright", "paramiko", "av", "numpy", "yaml", "argparse")


def run(example: Example, directory: Path, within_s: float = 60) -> str:
    """The output of a program that runs in a process of its own."""
    script = directory / "example.py"
    script.write_text(example.code)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", farm.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert (getattr(farm, name).__doc__ or "").strip()
    assert name in dir(farm)


def test_a_name_that_is_none_is_no_attribute() -> None:
    assert not hasattr(farm, "opne")


def test_type_checkers_are_told_the_names_that_are_there() -> None:
    """Type checkers read imports that are never run."""
    (checked,) = (
        node
        for node in ast.parse(Path(farm.__file__).read_text()).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    public = {
        alias.asname or alias.name: getattr(import_module(node.module or ""), alias.name)
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert public == {name: getattr(farm, name) for name in farm.__all__}


def test_importing_the_farm_imports_no_library() -> None:
    show = f"print([name for name in {HEAVY} if name in sys.modules])"
    assert output_of(f"import farm, sys; {show}") == "[]\n"


def test_a_bench_needs_neither_the_command_line_nor_reports() -> None:
    show = "print([name for name in sys.modules if name.startswith(('farm.cli', 'reports'))])"
    assert output_of(f"import farm, sys; farm.open; {show}") == "[]\n"


def output_of(script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


async def test_the_examples_that_need_no_browser_print_what_the_page_says(tmp_path: Path) -> None:
    await record_the_run_of_the_page(tmp_path)
    quick = [example for example in examples() if not example.is_live]
    assert len(quick) == 4
    for example in quick:
        assert run(example, tmp_path) == example.prints


# What a busy machine does to calls is not judged: it is the tests' machine, and not what is asked.
FORGIVING = """
criteria: {setup_within: 60s, stalled_share: 1, delivered: 0, target_of_baseline: 0,
  frame_rate_of_baseline: 0, residual_loss: 1, repair: 1, gap: 60s}
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  capture_of_asked: 0, udp_drops: 1000000, memory_available: 0, app_late: 60s}
"""


@pytest.mark.live
def test_the_example_of_a_bench_runs_and_its_folder_is_the_command_line_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "calls.yaml").write_text(experiment_of_the_page() + FORGIVING)
    (live,) = (example for example in examples() if example.is_live)
    first, second, last = run(live, tmp_path, within_s=300).splitlines()
    assert first == "pass []"
    assert second.startswith("ceiling_passed 2 ")
    (folder,) = (tmp_path / "runs").iterdir()
    assert last == f"look at it: farm report runs/{folder.name}"
    recorded = farm.read(folder)
    assert [result.purpose for result in recorded.results][:3] == ["single", "baseline", "baseline"]
    assert (recorded.summary or {})["state"] == "ceiling_passed"
    again = farm.load(folder / "experiment.yaml")
    assert replace(again, output=recorded.settings.output) == recorded.settings
    assert main(["runs", "--out", str(folder.parent), "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["state"] == "ceiling_passed"
