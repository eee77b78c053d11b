"""The farm packed as a wheel out of what is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from farm.hosts.code_version import own_code
from infra.farm_wheel import pack

ROOT = Path(__file__).parents[2]


def test_it_has_what_the_checkout_has(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(pack(tmp_path)).namelist())
    for package in ("farm", "infra", "reports", "browser_scripts"):
        expected = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


@pytest.mark.slow
def test_pip_installs_it_and_the_demo_app_starts_from_there(tmp_path: Path) -> None:
    wheel, site = pack(tmp_path), tmp_path / "site"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-compile", "--target", site, wheel),
        ],
        check=True,
        timeout=300,
    )
    assert (site / "bin/farm").is_file()
    said = subprocess.run(
        [sys.executable, "-P", "-m", "infra.demo_app", "--help"],
        env={"PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "--recordings-dir" in said.stdout


def test_a_machine_that_has_it_has_the_same_farm(tmp_path: Path) -> None:
    zipfile.ZipFile(pack(tmp_path)).extractall(tmp_path / "there")
    said = subprocess.run(
        [sys.executable, "-c", "from farm.hosts.code_version import own_code; print(own_code())"],
        cwd=tmp_path / "there",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == own_code()
