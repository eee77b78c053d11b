"""Janus of Debian's package: a configuration for one plugin, and the command that starts it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.errors import MissingTool

READY = "WebSockets transport plugin initialized"
"""The line that it prints once it answers."""


@dataclass(frozen=True, slots=True)
class Admin:
    """Its admin WebSocket, by which the counters of each handle are read."""

    port: int
    secret: str


def command(folder: Path) -> Sequence[str]:
    """The command that starts it with the configuration in `folder`. Raises MissingTool."""
    if shutil.which("janus") is None:
        raise MissingTool("no Janus on this machine: install the package janus")
    return ["janus", "-F", str(folder), "-i", "127.0.0.1", "--disable-colors"]


def configure(
    folder: Path, plugin: str, port: int, *, general: str = "", admin: Admin | None = None
) -> None:
    """Write a configuration: WebSockets on `port`, and `plugin` with its `general` settings."""
    library = _library()
    plugins = _others(library / "plugins", plugin)
    transports = _others(library / "transports", "websockets")
    secret = "" if admin is None else f'admin_secret = "{admin.secret}"'
    files = {
        "janus.jcfg": f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{library}/plugins"
    transports_folder = "{library}/transports"
    events_folder = "{library}/events"
    loggers_folder = "{library}/loggers"
    debug_level = 4
    session_timeout = 0
    {secret}
}}
nat: {{ ice_enforce_list = "lo" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
""",
        "janus.transport.websockets.jcfg": f"""general: {{
    json = "compact"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
}}
{"" if admin is None else _admin(admin)}""",
        f"janus.plugin.{plugin}.jcfg": f"general: {{ {general} }}\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)


def _admin(admin: Admin) -> str:
    return f"""admin: {{
    admin_ws = true
    admin_ws_port = {admin.port}
    admin_ws_ip = "127.0.0.1"
}}
"""


def _library() -> Path:
    """The folder of the package's plugins."""
    found = sorted(Path("/usr/lib").glob("*/janus")) or [Path("/usr/lib/janus")]
    return found[0]


def _others(folder: Path, wanted: str) -> str:
    """The libraries of a folder except the wanted one."""
    return ",".join(each.name for each in sorted(folder.glob("*.so")) if wanted not in each.name)
