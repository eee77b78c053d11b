"""Every machine on the way to the server, from the settings and ~/.ssh/config."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko

from farm.errors import BadInput
from farm.experiment import Ssh
from farm.ssh.destination import Destination, parse_destination

MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Hop:
    """A machine on the way to the server, the last one being the server itself."""

    host: str
    port: int
    user: str
    keys: tuple[Path, ...]
    only_these: bool

    @property
    def entry(self) -> str:
        """Its name in known_hosts."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"

    def __str__(self) -> str:
        return f"{self.user}@{self.host}" + ("" if self.port == 22 else f":{self.port}")


def route(ssh: Ssh, home: Path) -> list[Hop]:
    """The hops in order, the server last. Raises BadInput for what cannot be used."""
    config = _config(home)

    def resolve(to: str, setting: str, jump: str | None, depth: int) -> Iterator[Hop]:
        if depth > MOST_HOPS:
            raise BadInput(f"{setting}: {to} jumps in a circle (ProxyJump in ~/.ssh/config)")
        written = parse_destination(to, setting)
        options = config.lookup(written.host)
        through = jump or options.get("proxyjump", "none")
        if options.get("proxycommand", "none") != "none" and through == "none":
            raise BadInput(
                f"ProxyCommand of {written.host} in ~/.ssh/config is not supported; use ProxyJump,"
                " or server.ssh.jump"
            )
        if through != "none":
            for name in through.split(","):
                yield from resolve(name, "server.ssh.jump", None, depth + 1)
        yield _hop(written, options, home)

    *before, last = resolve(ssh.to, "server.ssh.to", ssh.jump, 0)
    if ssh.key is not None:
        last = replace(last, keys=(_private(ssh.key, home),), only_these=True)
    return [*before, last]


def check_settings(ssh: Ssh) -> str:
    """The way in words, `user@jump, then user@host:2222`; nothing is connected. Raises BadInput."""
    return "SSH to " + ", then ".join(str(hop) for hop in route(ssh, Path.home()))


def in_home(path: Path, home: Path) -> Path:
    """`~/x` below `home`."""
    return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _config(home: Path) -> paramiko.SSHConfig:
    file = home / ".ssh" / "config"
    if not file.is_file():
        return paramiko.SSHConfig()
    try:
        return paramiko.SSHConfig.from_path(str(file))
    except (paramiko.ConfigParseError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from None


def _hop(written: Destination, options: paramiko.SSHConfigDict, home: Path) -> Hop:
    port = options.get("port", "22")
    if not port.isdigit():
        raise BadInput(f"Port {port!r} of {written.host} in ~/.ssh/config is not a number")
    return Hop(
        host=options["hostname"],
        port=written.port or int(port),
        user=written.user or options.get("user") or getpass.getuser(),
        keys=tuple(in_home(Path(name), home) for name in options.get("identityfile", ())),
        only_these=options.get("identitiesonly", "no").lower() == "yes",
    )


def _private(key: Path, home: Path) -> Path:
    """The private key beside a `.pub`; the `.pub` itself where only the agent has the key."""
    path = in_home(key, home)
    if not path.is_file():
        raise BadInput(f"server.ssh.key: {key} is not a file")
    private = path.with_suffix("")
    return private if path.suffix == ".pub" and private.is_file() else path
