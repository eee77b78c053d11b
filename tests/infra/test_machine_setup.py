"""What the set-up of a machine says it will do, on machines that are made up."""

from __future__ import annotations

import shutil
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
        script = SCRIPT.read_text()
        for path in ("/etc/os-release", "/run/systemd/system", "/usr/sbin/policy-rc.d"):
            assert path in script
            script = script.replace(path, f"{place}/{Path(path).name}")
        (place / "setup.sh").write_text(script)

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
    assert "  sudo env DEBIAN_FRONTEND=noninteractive apt-get install" in said.stdout
    assert "\n  .venv/bin/playwright install --with-deps chromium\n" in said.stdout


def test_without_root_and_sudo_one_is_told(machine: Machine) -> None:
    machine.has("apt-get", "exit 1")
    said = machine.set_up("top", apt="yes")
    assert said.returncode == 2
    assert said.stderr.startswith("Only root may install procps, and there is no sudo here")
    assert said.stderr.count("\n") == 1


@pytest.fixture
def as_root(machine: Machine) -> Machine:
    """One where sudo works, and apt-get says whether services may be started."""
    for program in ("sh", "chmod", "rm"):
        (machine.place / program).symlink_to(str(shutil.which(program)))
    machine.has("sudo", 'echo "as root: $*"; [ "$1" != env ] || shift 2; "$@"')
    policy = machine.place / "policy-rc.d"
    machine.has("apt-get", f'[ "$1" = update ] || {policy}; echo "may start: $?"')
    machine.has("systemctl", "exit 0")
    return machine


def test_no_service_is_started_while_packages_are_installed(as_root: Machine) -> None:
    said = as_root.set_up("janus", "sshd", apt="yes")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-3:-1] == ["may start: 101", "as root: systemctl disable janus"]
    assert not (as_root.place / "policy-rc.d").exists()


def test_a_failed_installation_leaves_no_policy_and_one_of_the_user_s_stays(
    as_root: Machine,
) -> None:
    policy = as_root.place / "policy-rc.d"
    as_root.has("apt-get", f'[ "$1" = update ] && exit 0; [ -x {policy} ] && exit 100')
    assert as_root.set_up("janus", apt="yes").returncode == 100
    assert not policy.exists()
    as_root.has("policy-rc.d", "exit 104")
    as_root.has("apt-get", "exit 0")
    assert as_root.set_up("janus", apt="yes").returncode == 0
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"


def test_the_janus_of_the_package_neither_runs_nor_starts_with_the_machine(
    as_root: Machine,
) -> None:
    (as_root.place / "system").mkdir()  # systemd runs
    assert "\n  sudo systemctl disable --now janus\n" in as_root.set_up("janus", apt="no").stdout
    said = as_root.set_up("janus", apt="yes")
    assert "as root: systemctl disable --now janus\n" in said.stdout
    as_root.has("janus", "exit 0")
    assert as_root.set_up("janus", apt="yes").stdout == ""
