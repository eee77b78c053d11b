"""Janus of Debian's package: its configuration, and the command that starts it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
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
    return ["janus", "-F", str(folder), "--disable-colors"]


def configure(
    folder: Path,
    plugins: Mapping[str, str],
    port: int,
    *,
    admin: Admin | None = None,
    interface: str | None = None,
    session_timeout_s: int = 60,
) -> None:
    """Write a configuration: WebSockets on `port` of loopback, and `plugins` with the `general`
    settings of each.

    Media go over `interface`; without one over each that is not loopback. A session whose client
    is silent for `session_timeout_s` is ended; 0: never.
    """
    library = _library()
    transports = _others(library / "transports", ("websockets",))
    secret = "" if admin is None else f'admin_secret = "{admin.secret}"'
    enforced = "" if interface is None else f'ice_enforce_list = "{interface}"'
    files = {
        "janus.jcfg": f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{library}/plugins"
    transports_folder = "{library}/transports"
    events_folder = "{library}/events"
    loggers_folder = "{library}/loggers"
    debug_level = 4
    session_timeout = {session_timeout_s}
    {secret}
}}
nat: {{ {enforced} }}
plugins: {{ disable = "{_others(library / "plugins", tuple(plugins))}" }}
transports: {{ disable = "{transports}" }}
""",
        "janus.transport.websockets.jcfg": f"""general: {{
    json = "compact"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
}}
{"" if admin is None else _admin(admin)}""",
        **{
            f"janus.plugin.{plugin}.jcfg": f"general: {{ {general} }}\n"
            for plugin, general in plugins.items()
        },
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


def _others(folder: Path, wanted: Sequence[str]) -> str:
    """The libraries of a folder except the wanted ones."""
    return ",".join(
        each.name
        for each in sorted(folder.glob("*.so"))
        if each.name.removeprefix("libjanus_").removesuffix(".so") not in wanted
    )
