"""The user data of machines: `cloud_init/*.yaml` with the values of one run filled in."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from typing import Any

import yaml

from infra.aws.resources import Role

SETTINGS = "/etc/probe-farm/settings"
READY_FILE = "/var/lib/probe-farm-ready"
"""This file exists when cloud-init has finished."""
MOST_BYTES = 16384
"""The most user data that EC2 accepts."""


def user_data(
    role: Role, *, host_key: tuple[str, str], expires: datetime | None, kurento: str | None = None
) -> str:
    """The user data: the steps of a machine's first boot.

    `host_key` is its SSH host key (private, public), made here, so that the very first connection
    can be verified, before any console output can be read.
    """
    config = _file(role)
    private, public = host_key
    config["ssh_deletekeys"] = True
    config["ssh_keys"] = {"ed25519_private": private, "ed25519_public": public}
    if kurento is not None:
        for file in config["write_files"]:
            if file["path"] == SETTINGS:
                file["content"] = _with("KURENTO_IMAGE", kurento, file["content"])
    if expires is not None:
        (command,) = _file("expiry")["bootcmd"]
        config["bootcmd"] = [[*command[:-1], expires.strftime("%Y-%m-%d %H:%M:%S UTC")]]
    text = "#cloud-config\n" + yaml.dump(config, Dumper=_Dumper, sort_keys=False, width=1000)
    assert len(text.encode()) <= MOST_BYTES, "EC2 would refuse it"  # noqa: S101
    return text


def _file(name: str) -> dict[str, Any]:
    text = (files("infra.aws") / "cloud_init" / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _with(key: str, value: str, text: str) -> str:
    lines = (f"{key}={value}" if line.startswith(f"{key}=") else line for line in text.split("\n"))
    return "\n".join(lines)


class _Dumper(yaml.SafeDumper):
    """A YAML dumper that writes scripts as readable blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
