"""Which tests get a second try, and what the log says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_try import read_flaky

REPOSITORY = Path(__file__).parent.parent
CONFTEST = """
from pathlib import Path

from tests.second_try import SecondTry, read_flaky


def pytest_configure(config):
    here = Path(__file__).parent
    config.pluginmanager.register(SecondTry(read_flaky(here / "flaky.toml", here)))
"""
TESTS = """
from pathlib import Path

import pytest


@pytest.mark.parametrize("word", ["a[b]@c"])
def test_sometimes(word):
    tries = Path(__file__).with_name("tries")
    tries.write_text(tries.read_text() + "." if tries.exists() else ".")
    assert tries.read_text() != ".", "the machine was busy"


def test_never():
    assert False, "it is broken"


def test_always():
    pass
"""


def run(folder: Path, listed: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The tests above, of which one is listed."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS)
    (folder / "flaky.toml").write_text(f'"test_it.py::{listed}" = "It needs a quiet machine."\n')
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("side_by_side", [(), ("-n", "1", "--dist", "loadgroup")], ids=str)
def test_a_listed_test_that_fails_is_tried_again_and_counted(
    tmp_path: Path, side_by_side: tuple[str, ...]
) -> None:
    tried = run(tmp_path, "test_sometimes", "-k", "not never", *side_by_side)
    assert tried.returncode == 0, tried.stdout
    assert "= flaky: 1 =" in tried.stdout
    assert "test_it.py::test_sometimes[a[b]@c]: It needs a quiet machine." in tried.stdout
    assert "AssertionError: the machine was busy" in tried.stdout
    *_, last = tried.stdout.splitlines()
    assert "2 passed" in last
    assert "1 flaky" in last


@pytest.mark.slow
def test_a_listed_test_that_fails_twice_has_failed(tmp_path: Path) -> None:
    tried = run(tmp_path, "test_never", "-k", "never")
    assert tried.returncode == 1, tried.stdout
    assert "1 failed, 2 deselected, 1 flaky" in tried.stdout


@pytest.mark.slow
def test_any_other_that_fails_once_has_failed(tmp_path: Path) -> None:
    tried = run(tmp_path, "test_always", "-k", "not never")
    assert tried.returncode == 1, tried.stdout
    assert "1 failed, 1 passed, 1 deselected" in tried.stdout
    assert "flaky" not in tried.stdout


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('"test_it.py::test_gone" = "Busy."', "there is no test test_it.py::test_gone"),
        ('"test_gone.py::test_always" = "Busy."', "there is no test test_gone.py::test_always"),
        ('"test_it.py::test_always" = " "', "test_it.py::test_always has no reason"),
    ],
)
def test_a_list_that_names_no_test_or_no_reason_is_an_error(
    tmp_path: Path, line: str, complaint: str
) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "flaky.toml").write_text(line)
    with pytest.raises(pytest.UsageError, match=complaint):
        read_flaky(tmp_path / "flaky.toml", tmp_path)
