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
