"""How a page under test is opened: sections of `app` in an experiment file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from farm.model.setting import setting

PERMISSIONS = (
    *("accelerometer", "ambient-light-sensor", "background-sync", "camera", "clipboard-read"),
    *("clipboard-write", "geolocation", "gyroscope", "local-fonts", "local-network-access"),
    *("magnetometer", "microphone", "midi", "midi-sysex", "notifications", "payment-handler"),
    *("screen-wake-lock", "storage-access"),
)
"""Names of permissions, as Playwright has them for Chromium."""


@dataclass(frozen=True, slots=True)
class ClientCertificateSettings:
    """A certificate by which a probe logs in to a server that asks for one (TLS)."""

    cert: Path = setting(Path(), "PEM file of the certificate")
    key: Path = setting(Path(), "PEM file of its private key")
    origin: str | None = setting(None, "for which server, https://host; null: that of app.url")
    passphrase: str | None = setting(None, "of the key, env:NAME; null: it has none")
