"""How a page under test is opened: sections of `app` in an experiment file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farm.model.setting import setting

PERMISSIONS = (
    *("accelerometer", "ambient-light-sensor", "background-sync", "camera", "clipboard-read"),
    *("clipboard-write", "geolocation", "gyroscope", "local-fonts", "local-network-access"),
    *("magnetometer", "microphone", "midi", "midi-sysex", "notifications", "payment-handler"),
    *("screen-wake-lock", "storage-access"),
)
"""Names of permissions, as Playwright has them for Chromium."""


@dataclass(frozen=True, slots=True)
class ExecSettings:
    """A command of the user's that gives probes values, such as tokens."""

    command: str = setting("", "for /bin/sh on this machine, before each trial")
    gives: tuple[str, ...] = setting((), "the variables that it gives, such as [token]")
    per: Literal["probe", "session", "trial"] = setting(
        "probe", "what it prints one answer for: probe, session or trial"
    )
    within_s: float = setting(30.0, "how long it may take", key="within", unit="duration")
    directory: Path | None = setting(None, "where it runs; null: this file's folder")


@dataclass(frozen=True, slots=True)
class ClientCertificateSettings:
    """A certificate by which a probe logs in to a server that asks for one (TLS)."""

    cert: Path = setting(Path(), "PEM file of the certificate")
    key: Path = setting(Path(), "PEM file of its private key")
    origin: str | None = setting(None, "for which server, https://host; null: that of app.url")
    passphrase: str | None = setting(None, "of the key, env:NAME; null: it has none")
