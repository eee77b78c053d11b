"""What the set-up of a machine says it will do, on machines that are made up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "infra/machine_setup.sh"


class Machine:
    """One user without root, an `/etc/os-release`, and no programs but those given."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.has("id", "echo 1000")
        (place / "os-release").write_text("ID=ubuntu\n")
        (place / "setup.sh").write_text(
            SCRIPT.read_text().replace("/etc/os-release", f"{place}/os-release")
        )

    def has(self, program: str, does: str) -> None:
        (self.place / program).write_text(f"#!/bin/sh\n{does}\n")
        (self.place / program).chmod(0o755)

    def set_up(self, *tools: str, apt: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", self.place / "setup.sh", *tools],
            env={"PATH": str(self.place), "HOME": str(self.place), "APT": apt},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_browser_is_brought_to_the_user_and_not_to_root(machine: Machine) -> None:
    machine.has("ls", "exit 1")
    said = machine.set_up("chromium", "top", apt="no")
    assert said.returncode == 2
    assert "  sudo env RUNLEVEL=1" in said.stdout
    assert "\n  .venv/bin/playwright install --with-deps chromium\n" in said.stdout


def test_without_root_and_sudo_one_is_told(machine: Machine) -> None:
    machine.has("apt-get", "exit 1")
    said = machine.set_up("top", apt="yes")
    assert said.returncode == 2
    assert said.stderr.startswith("Only root may install procps, and there is no sudo here")
    assert said.stderr.count("\n") == 1


def test_the_janus_of_the_package_does_not_start_with_the_machine(machine: Machine) -> None:
    machine.has("apt-get", "exit 0")
    machine.has("systemctl", "exit 0")
    machine.has("sudo", 'echo "as root: $*"')
    said = machine.set_up("janus", apt="yes")
    assert said.returncode == 0
    assert said.stdout.endswith("--no-install-recommends janus\nas root: systemctl disable janus\n")
    machine.has("janus", "exit 0")
    assert machine.set_up("janus", apt="yes").stdout == ""
