"""The section `server` of an experiment: the system under test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farm.model.setting import setting

Keep = Literal["none", "last", "all"]

ResetWay = Literal["command", "reboot", "fresh_instance"]

EMBEDDED = "embedded"
"""`server.kurento: embedded`: the farm starts its own small media server."""


HERE = "here"
"""`server.janus: here`: the farm starts the Janus of Debian's package on this machine."""


@dataclass(frozen=True, slots=True)
class Ssh:
    to: str = setting("", "user@host or user@host:port; ssh's configuration is followed")
    key: Path | None = setting(None, "private key file; default: agent, ssh's configuration")
    known_hosts: Path = setting(
        Path("~/.ssh/known_hosts"), "file of known hosts; default: what ssh takes"
    )
    jump: str | None = setting(None, "user@host to go through; none: straight there")


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    name: str | None = setting("kurento-media-server", "by its name, such as janus or mediamtx")
    pid: int | None = setting(None, "or by process id", minimum=1)
    port: int | None = setting(None, "or by the TCP port it listens on", minimum=1, maximum=65535)
    container: str | None = setting(None, "or by container name or id")


@dataclass(frozen=True, slots=True)
class ResetSettings:
    command: str | None = setting(
        None, "run on the server by /bin/sh before each trial; null: no reset"
    )
    by: ResetWay = setting(
        "command", "command, reboot or fresh_instance: the last two of a server on AWS"
    )
    ready_within_s: float = setting(
        30.0, "how long it may take to answer again", key="ready_within", unit="duration", minimum=1
    )
    within_of_baseline: float = setting(
        0.2, "CPU, memory, threads, descriptors: how near the first start's", minimum=0.01
    )
    retries: int = setting(2, "how often a reset is tried again", minimum=0, maximum=10)


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    directory: str = setting("/var/tmp/farm", "on the server: a folder of each run in it")  # noqa: S108
    keep: Keep = setting("none", "none, last or all: the trials whose recordings stay there")


@dataclass(frozen=True, slots=True)
class Price:
    machine: str | None = setting(None, "the server's type, as a price table calls it: c4.2xlarge")
    region: str = setting("us-east-1", "where its price is looked up")
    table: Path | None = setting(None, "a price table of your own; null: the farm's, with its date")
    daily_sessions: tuple[int, ...] | None = setting(
        None, "sessions at once in each hour of a day, 24 numbers: for the bill of a month"
    )
    launch_s: float = setting(
        180.0, "how long another server takes to start", key="launch", unit="duration", minimum=0
    )


@dataclass(frozen=True, slots=True)
class JanusAdminSettings:
    url: str = setting("", "ws://host:7188: its admin API over WebSocket")
    secret: str = setting("env:JANUS_ADMIN_SECRET", "env:NAME, the variable that holds the secret")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    kurento: str | None = setting(
        EMBEDDED,
        "ws://host:8888/kurento, embedded; null: no Kurento, the default with app.url",
    )
    janus: str | None = setting(
        None,
        "ws://host:8188, or here: Debian's, started on this machine; null: no Janus",
    )
    janus_admin: JanusAdminSettings | None = setting(
        None, "Janus' admin API: what it says of each connection; null: not asked"
    )
    ssh: Ssh | None = setting(None, "how to reach the server's machine; null with local: true")
    local: bool = setting(False, "the media server runs on this machine; no SSH")
    cores: tuple[int, ...] | None = setting(
        None, "of one that the farm starts: the cores it may use", null="all"
    )
    process: ProcessSettings = setting(
        ProcessSettings,
        "which process is the media server, by one of these; none: its own CPU is unknown",
    )
    interface: str = setting("auto", "network interface that carries the media")
    reset: ResetSettings = setting(ResetSettings, "how the server is brought back to a fresh state")
    recordings: RecordingSettings = setting(RecordingSettings, "recorded calls, on the server")
    price: Price = setting(Price, "what the server's machine costs")
