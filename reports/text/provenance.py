"""Provenance of a run's numbers: versions, machines, clocks, settings. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostFacts
from farm.model.json_values import to_text
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import EMBEDDED
from farm.model.wall_time import utc
from farm.model.wording import counted
from farm.recording.manifest import Manifest

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """One group of facts: a heading, and rows of a name and a value."""

    heading: str
    rows: tuple[tuple[str, str], ...]


def facts(manifest: Manifest, clocks: Sequence[ClockReading] = ()) -> tuple[Facts, ...]:
    """All groups of facts that a reader needs to judge a number, or to measure it again."""
    began = utc(manifest.started_wall_s)
    run = Facts(
        "Run",
        (
            ("began", f"{began:%Y-%m-%d %H:%M:%S} UTC" if began else _UNKNOWN),
            ("scenario", manifest.scenario),
            ("commit", manifest.commit or _UNKNOWN),
            *((name, version) for name, version in manifest.versions.items()),
        ),
    )
    browser = Facts(
        "Browser",
        (
            ("Chromium", manifest.chromium or _UNKNOWN),
            ("flags", " ".join(manifest.chromium_flags) or "none"),
        ),
    )
    criteria = Facts("Criteria", _section(manifest.settings.criteria))
    invalid = Facts("Invalid when beyond", _section(manifest.settings.invalid))
    return (
        run,
        _server(manifest.server, _media_server(manifest)),
        *(_host(host) for host in manifest.hosts),
        *_clocks(clocks),
        browser,
        criteria,
        invalid,
    )


def whole_texts(
    manifest: Manifest, experiment: str, summary: Mapping[str, Any] | None
) -> Mapping[str, str]:
    """Texts that can be unfolded at the foot of the page, by name."""
    texts = {
        "experiment.yaml, as it was given": experiment,
        "Effective settings, defaults filled in": to_text(manifest.settings),
    }
    if summary is not None:
        texts["summary.json"] = json.dumps(summary, indent=1, ensure_ascii=False)
    return {name: text for name, text in texts.items() if text.strip()}


def _media_server(manifest: Manifest) -> str:
    """The media server's own name and version (`ServerInfo`), and its modules."""
    info, server = manifest.kurento, manifest.server
    if manifest.settings.server.janus is not None:
        return _janus(info)
    if manifest.settings.server.kurento is None:
        runs = f" (its process runs {server.program})" if server and server.program else ""
        return f"not a Kurento; its kind is unknown to the farm{runs}"
    if not info:
        return _UNKNOWN
    kind, version = info.get("type", ""), info.get("version", "")
    if manifest.settings.server.kurento == EMBEDDED:
        return f"embedded, for trying out; speaks the protocol of {kind} {version}"
    modules = ", ".join(
        f"{module.get('name')} {module.get('version')}"
        for module in info.get("modules", ())
        if isinstance(module, dict)
    )
    return f"{kind} {version}".strip() + (f" ({modules})" if modules else "")


def _janus(info: Mapping[str, Any]) -> str:
    """A Janus' version, and its plugins with theirs."""
    if not info:
        return f"Janus, version {_UNKNOWN}"
    plugins = ", ".join(
        f"{name.removeprefix('janus.plugin.')} {version}"
        for name, version in sorted(info.get("plugins", {}).items())
    )
    return f"Janus {info.get('version', '')}".strip() + (f" ({plugins})" if plugins else "")


def _server(server: ServerFacts | None, media_server: str) -> Facts:
    program = ("media server", media_server)
    if server is None:
        return Facts("Server", (("machine", "not reached"), program))
    return Facts(
        "Server",
        (
            ("machine", server.hostname),
            ("reached", server.reached),
            ("CPU", f"{_cores(server.cores)}, {server.cpu_model or _UNKNOWN}"),
            ("memory", _gib(server.memory_bytes)),
            ("kernel", server.kernel or _UNKNOWN),
            ("architecture", server.architecture or _UNKNOWN),
            ("instance type", server.instance_type or _UNKNOWN),
            ("process", _process(server)),
            ("interface", server.interface or _UNKNOWN),
            program,
        ),
    )


def _host(host: HostFacts) -> Facts:
    return Facts(
        f"Generator: {host.host}",
        (
            ("machine", host.hostname),
            ("place", host.place),
            ("cores", str(host.cores)),
            ("memory", _gib(host.memory_bytes)),
            ("kernel", host.kernel),
            ("Chromium", host.chromium),
        ),
    )


def _clocks(readings: Sequence[ClockReading]) -> tuple[Facts, ...]:
    """The offset of each source's clock to run time, and its error."""
    sources = dict.fromkeys(reading.source for reading in readings)
    rows = tuple(
        (source, _clock([r for r in readings if r.source == source])) for source in sources
    )
    return (Facts("Clocks: from seconds since boot to run time", rows),) if rows else ()


def _clock(readings: list[ClockReading]) -> str:
    best = min(readings, key=lambda reading: reading.error_s)
    worst = max(readings, key=lambda reading: reading.error_s)
    if worst.error_s == 0:
        return f"{best.offset_s:+.3f} s, exactly: the controller's own clock"
    errors = f"{best.error_s * 1000:.1f}"
    if len(readings) > 1:
        errors += f" to {worst.error_s * 1000:.1f}"
    return f"{best.offset_s:+.3f} s, true within {errors} ms; read {counted(len(readings), 'time')}"


def _process(server: ServerFacts) -> str:
    if server.process is None:
        return "not known"
    return server.process if server.pid is None else f"{server.process} ({server.pid})"


def _section(section: Any) -> tuple[tuple[str, str], ...]:
    """A section of the settings, by its keys in the experiment file."""
    return tuple(
        (field.metadata.get("key") or field.name, _setting(getattr(section, field.name), field))
        for field in dataclasses.fields(section)
    )


def _setting(value: Any, field: dataclasses.Field[Any]) -> str:
    if value is None:
        return "auto"
    return f"{value:g} s" if field.metadata.get("unit") == "duration" else str(value)


def _cores(cores: int | None) -> str:
    return counted(cores, "core") if cores else f"{_UNKNOWN} cores"


def _gib(size_bytes: int | None) -> str:
    return _UNKNOWN if size_bytes is None else f"{size_bytes / 2**30:.1f} GiB"
