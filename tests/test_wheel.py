"""The wheel works where there is no checkout, next to folders with the names of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.library_page import examples, record_the_run_of_the_page

REPOSITORY = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out), cwd=REPOSITORY)
    (made,) = out.glob("probe_farm-*.whl")
    return made


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An environment with the wheel and its dependencies only, and a directory of decoys."""
    home = tmp_path_factory.mktemp("bare")
    _run(sys.executable, "-m", "venv", "--without-pip", str(home / "venv"), cwd=home)
    (site,) = (home / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The dependencies as installed beside the tests; a path file's own path files are not read,
    # so the checkout itself is not reachable from there.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    elsewhere = home / "elsewhere"
    for decoy in ("infra", "reports", "farm", "browser_scripts"):
        (elsewhere / decoy).mkdir(parents=True)
        (elsewhere / decoy / "__init__.py").write_text("raise ImportError('a decoy')\n")
    return home / "venv/bin/python", elsewhere


def test_pages_scripts_drivers_and_schema_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "farm/experiment.schema.json",
        "farm/driver.schema.json",
        "farm/py.typed",
        "browser_scripts/poll_stats.js",
        "browser_scripts/hook_peer_connections.js",
        "browser_scripts/drivers/demo_one_to_one.yaml",
        "browser_scripts/drivers/whip.yaml",
        "infra/machine_setup.sh",
        "infra/whip_page/pages/main.js",
        "reports/figures/farm.mplstyle",
    ):
        assert wanted in names
    assert [name for name in names if name.startswith("infra/demo_app/") and name.endswith(".html")]
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_command_works_outside_the_checkout(bare: tuple[Path, Path]) -> None:
    python, elsewhere = bare
    template = _run(python, "-P", "-m", "farm.cli", "init", "group", cwd=elsewhere)
    assert "members:" in template
    (elsewhere / "rooms.yaml").write_text(template)
    listed = _run(python, "-P", "-m", "farm.cli", "runs", "--json", cwd=elsewhere)
    assert json.loads(listed) == []


async def test_the_examples_of_the_library_run_from_there(bare: tuple[Path, Path]) -> None:
    python, elsewhere = bare
    await record_the_run_of_the_page(elsewhere)
    for example in examples():
        if not example.is_live:
            (elsewhere / "example.py").write_text(example.code)
            assert _run(python, "-P", "example.py", cwd=elsewhere) == example.prints


def test_its_servers_start_from_there(bare: tuple[Path, Path]) -> None:
    python, elsewhere = bare
    for module, more in (
        ("infra.embedded_kurento", ()),
        ("infra.demo_app", ("--kurento", "ws://127.0.0.1:9/kurento")),
    ):
        process = subprocess.Popen(
            [python, "-P", "-m", module, "--port", "0", *more],
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["ready"] is True
        finally:
            process.terminate()
            process.wait(timeout=120)


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        command, check=False, cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
