"""What machines do when they first boot: readable by cloud-init, sound as shell, and run here."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from farm.model.inventory import RAY_PORT
from infra.aws.cloud_init import MOST_BYTES, user_data
from infra.aws.resources import MEDIA_PORTS

FOLDER = Path(__file__).parents[3] / "infra/aws/cloud_init"
COMPOSE = Path(__file__).parents[3] / "infra/compose.yaml"
FILES = ("server", "host", "expiry")
SCHEMAS = (
    Path(sys.prefix) / "share/cloud-init-schema.json",
    Path("/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json"),
)
KEY = ("-----BEGIN KEY-----\nabc\n-----END KEY-----\n", "ssh-ed25519 A")
EXPIRES = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))


def given(role: Any) -> dict[str, Any]:
    """What a machine of that role is given, with all that provision adds."""
    text = user_data(role, host_key=KEY, expires=EXPIRES, kurento="registry/kurento:x")
    assert text.startswith("#cloud-config\n")
    assert len(text.encode()) < MOST_BYTES
    return dict(yaml.safe_load(text))


def shell_parts(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for file in config.get("write_files", ()):
        if file["content"].startswith("#!"):
            yield file["path"], file["content"]
    for at, command in enumerate(config.get("runcmd", ())):
        yield f"runcmd {at}", f"#!/bin/sh\n# shellcheck disable=SC1091\n{command}\n"
    for at, command in enumerate(config.get("bootcmd", ())):
        assert command[:2] == ["sh", "-c"]
        yield f"bootcmd {at}", f"#!/bin/sh\n{command[2]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_files_and_what_machines_are_given_fit_cloud_inits_own_schema(name: str) -> None:
    path = next(path for path in SCHEMAS if path.is_file())
    schema = jsonschema.Draft4Validator(json.loads(path.read_text()))
    assert (FOLDER / f"{name}.yaml").read_text().startswith("#cloud-config\n")
    configs = [read(name)] + ([given(name)] if name != "expiry" else [])
    for config in configs:
        assert [error.message for error in schema.iter_errors(config)] == []
    assert list(schema.iter_errors({"packages": 3})), "the schema sees what is wrong"


@pytest.mark.parametrize("name", FILES)
def test_the_shell_parts_pass_shellcheck(name: str, tmp_path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "shellcheck"
    parts = list(shell_parts(read(name)))
    assert parts
    for where, text in parts:
        script = tmp_path / "part.sh"
        script.write_text(text)
        done = subprocess.run([program, script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {where}\n{done.stdout}"


def test_a_server_gets_its_key_its_end_and_the_image_asked_for() -> None:
    config = given("server")
    assert config["ssh_keys"] == {"ed25519_private": KEY[0], "ed25519_public": KEY[1]}
    assert config["bootcmd"][0][-2:] == ["expiry", "2030-01-02 03:04:05 UTC"]
    settings = next(f for f in config["write_files"] if f["path"] == "/etc/probe-farm/settings")
    assert "KURENTO_IMAGE=registry/kurento:x\n" in settings["content"]
    assert "EXTERNAL_IPV4=auto\n" in settings["content"]
    for file in read("server")["write_files"]:
        if file["path"] != "/etc/probe-farm/settings":
            assert file in config["write_files"]


def test_the_expiry_writes_a_timer_for_that_time(tmp_path: Path) -> None:
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/called\n')
    (tmp_path / "systemctl").chmod(0o755)
    (command,) = given("host")["bootcmd"]
    script = command[2].replace("/etc/systemd/system/", f"{tmp_path}/")
    subprocess.run(
        ["sh", "-c", script, *command[3:]],
        check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    timer = (tmp_path / "probe-farm-expiry.timer").read_text()
    assert "OnCalendar=2030-01-02 03:04:05 UTC\nPersistent=true\n" in timer
    service = (tmp_path / "probe-farm-expiry.service").read_text()
    assert "ExecStart=/usr/bin/systemctl poweroff\n" in service
    called = (tmp_path / "called").read_text()
    assert "enable probe-farm-expiry.timer" in called
    assert "start --no-block probe-farm-expiry.timer" in called


def test_container_and_compose_agree_with_the_ports_that_are_opened() -> None:
    scripts = {file["path"]: file["content"] for file in read("server")["write_files"]}
    first, last = MEDIA_PORTS
    ports = f"--env KMS_MIN_PORT={first} --env KMS_MAX_PORT={last}"
    assert ports in scripts["/usr/local/sbin/run-kurento"]
    kurento = yaml.safe_load(COMPOSE.read_text())["services"]["kurento"]
    assert kurento["network_mode"] == "host"
    assert kurento["environment"]["KMS_MIN_PORT"] == str(first)
    assert kurento["environment"]["KMS_MAX_PORT"] == str(last)
    assert f"KURENTO_IMAGE={kurento['image']}\n" in scripts["/etc/probe-farm/settings"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("here", "--head --port=6379 --ray-client-server-port=10001 --include-dashboard=false"),
        ("172.31.0.7", "--address=172.31.0.7:6379"),
    ],
)
def test_a_host_is_head_or_worker_and_has_its_name(head: str, words: str, tmp_path: Path) -> None:
    ray = tmp_path / "venv/bin/ray"
    ray.parent.mkdir(parents=True)
    ray.write_text('#!/bin/sh\necho "$@"\n')
    ray.chmod(0o755)
    settings = tmp_path / "ray"
    settings.write_text(f"RAY_HEAD='{head}'\nRAY_NAME='host-east-1'\n")
    scripts = {file["path"]: file["content"] for file in read("host")["write_files"]}
    script = scripts["/usr/local/sbin/run-ray"].replace("/opt/probe-farm", str(tmp_path))
    said = subprocess.run(
        ["sh", "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PROBE_FARM_SETTINGS": str(settings)},
    ).stdout
    assert said.startswith(f"start {words} --node-name=host-east-1 ")
    assert f"--ray-client-server-port={RAY_PORT}" in said or head != "here"


@pytest.mark.parametrize("python", [None, "system", "3.99"])
def test_a_host_gets_the_python_and_the_ray_that_it_is_told(
    python: str | None, tmp_path: Path
) -> None:
    """Programs of the system stand in for themselves and say how they were called."""
    farm, bin_folder, called = tmp_path / "farm", tmp_path / "bin", tmp_path / "called"
    system = f"{sys.version_info.major}.{sys.version_info.minor}"
    stand_in = (
        f'#!/bin/sh\necho "$(basename "$0") $*" >>{called}\n'
        f'case "$*" in "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/pip"; cp "$0" "$3/bin/uv";'
        f'cp "$0" "$3/bin/playwright";; "venv "*) mkdir -p {farm}/venv/bin;'
        f'cp "$0" {farm}/venv/bin/pip; cp "$0" {farm}/venv/bin/playwright;;'
        f"-c*) echo {system};; esac\n"
    )
    bin_folder.mkdir()
    for name in ("python3", "sudo", "systemctl"):
        (bin_folder / name).write_text(stand_in)
        (bin_folder / name).chmod(0o755)
    scripts = {file["path"]: file["content"] for file in read("host")["write_files"]}
    script = scripts["/usr/local/sbin/install-farm"].replace("/opt/probe-farm", str(farm))
    script = script.replace("/etc/probe-farm", str(tmp_path / "etc"))
    given_python = {None: [], "system": [system], "3.99": ["3.99"]}[python]
    words = ["farm.whl", "172.31.0.7", "host-east-1", *given_python]
    subprocess.run(
        ["sh", "-c", script, "install-farm", *words, *(["2.50.0"] if given_python else [])],
        check=True,
        env={"PATH": f"{bin_folder}:/usr/bin:/bin"},
    )
    lines = called.read_text().splitlines()
    own_python = f"uv venv --quiet --clear --seed --python 3.99 {farm}/venv"
    assert (own_python in lines) == (python == "3.99")
    assert (f"python3 -m venv {farm}/venv" in lines) == (python != "3.99")
    ray = " ray[client]==2.50.0" if given_python else ""
    assert f"pip install --quiet --disable-pip-version-check farm.whl[cluster]{ray}" in lines
    settings = (tmp_path / "etc/ray").read_text()
    assert settings == "RAY_HEAD='172.31.0.7'\nRAY_NAME='host-east-1'\n"
    assert lines[-1] == "systemctl restart ray.service"
