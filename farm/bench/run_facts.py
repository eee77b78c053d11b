"""Facts of a run in words, for comparison with another run, or after it was resumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from farm.model.server_samples import ServerFacts
from farm.model.wording import counted
from farm.recording.manifest import Manifest


def server_facts(server: ServerFacts | None, kurento: Mapping[str, Any]) -> dict[str, str | None]:
    """Facts of the media server and its machine; None where unknown."""
    version = kurento.get("version")
    memory = server.memory_bytes if server else None
    return {
        "media server": None if version is None else f"{kurento.get('type', '')} {version}".strip(),
        "server's cores": str(server.cores) if server and server.cores else None,
        "server's CPU": server.cpu_model if server else None,
        "server's memory": None if memory is None else f"{memory / 1e9:.1f} GB",
        "server's kernel": server.kernel if server else None,
    }


def run_facts(run: Manifest) -> dict[str, str | None]:
    """Facts of the server, the browsers, the machines that ran them, and the farm."""
    hosts = [
        f"{counted(host.cores, 'core')}, {host.memory_bytes / 1e9:.1f} GB" for host in run.hosts
    ]
    return {
        **server_facts(run.server, run.kurento),
        "Chromium": run.chromium,
        "Chromium's flags": " ".join(run.chromium_flags),
        "generator": "; ".join(hosts) or None,
        "farm": " ".join(filter(None, (run.versions.get("farm"), run.commit))) or None,
    }
