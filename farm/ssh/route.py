"""The hops to the server, from the settings and ssh's configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from farm.errors import BadInput
from farm.model.destination import Destination, parse_destination
from farm.model.server_settings import Ssh
from farm.ssh.certificate import SUFFIX
from farm.ssh.client_config import (
    HostConfig,
    Reader,
    expanded,
    host_config,
    tokens_of,
    with_tokens,
)

MOST_HOPS = 8
KEY_NAMES = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
"""The files that OpenSSH tries in ~/.ssh if no key is named."""

GLOBAL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
KNOWN_HOSTS = Ssh().known_hosts
"""This value of `server.ssh.known_hosts` stands for the files that ssh itself uses."""

PLAIN_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""All that paramiko supports, in OpenSSH's order; `ssh-rsa` (SHA-1) is not accepted any more."""

ALGORITHMS = (*(name + SUFFIX for name in PLAIN_ALGORITHMS), *PLAIN_ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Hop:
    """A machine on the way to the server, the last one being the server itself.

    `name` is its name in ssh's configuration, `alias` its name in known_hosts and certificates, if
    that differs; `agent` is the agent's socket; `configured_by` names the program that read ssh's
    configuration.
    """

    host: str
    port: int
    user: str
    name: str = ""
    keys: tuple[Path, ...] = ()
    only_these: bool = False
    certificates: tuple[Path, ...] = ()
    agent: str | None = None
    known_hosts: tuple[Path, ...] = ()
    to_add_to: Path | None = None
    alias: str | None = None
    check_address: bool = False
    strictness: str = "ask"
    revoked_keys: Path | None = None
    host_key_algorithms: tuple[str, ...] = ALGORITHMS
    authority_algorithms: tuple[str, ...] = PLAIN_ALGORITHMS
    proxy_command: str | None = None
    family: str = "any"
    bind: str | None = None
    connect_within_s: float | None = None
    compressed: bool = False
    configured_by: str = ""

    @property
    def entries(self) -> tuple[str, ...]:
        """Its names in known_hosts; a later one counts if an earlier one has no line."""
        host = self.host.lower()
        if self.alias is not None:
            return (self.alias.lower(),)
        return (host,) if self.port == 22 else (f"[{host}]:{self.port}", host)

    @property
    def uri(self) -> str:
        """Its address as in ssh's `-J`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.user}@{self.host}" + ("" if self.port == 22 else f":{self.port}")


def route(ssh: Ssh, home: Path, read: Reader = host_config) -> list[Hop]:
    """The hops in order, the server last. Raises BadInput for settings that cannot be used."""

    def resolve(to: str, setting: str, jump: str | None, depth: int) -> Iterator[Hop]:
        if depth > MOST_HOPS:
            raise BadInput(f"{setting}: {to} jumps in a circle (ProxyJump of ssh's configuration)")
        written = parse_destination(to, setting)
        config = read(written, home)
        hop = _hop(written, config, ssh, home)
        through = jump or config.first("proxyjump")
        if through and through != "none":
            *farther, nearest = through.split(",")
            yield from resolve(nearest, "server.ssh.jump", ",".join(farther) or None, depth + 1)
        yield replace(hop, proxy_command=None) if through else hop

    *before, last = resolve(ssh.to, "server.ssh.to", ssh.jump, 0)
    if ssh.key is not None:
        last = replace(last, keys=(_private(ssh.key, home),), only_these=True)
    return [*before, last]


def check_settings(ssh: Ssh, read: Reader = host_config) -> str:
    """The route as text, `user@jump, then user@host:2222`, without connecting. Raises BadInput.

    It names the program that read ssh's configuration.
    """
    hops = route(ssh, Path.home(), read)
    by = ", ".join(dict.fromkeys(hop.configured_by for hop in hops))
    return f"SSH to {', then '.join(str(hop) for hop in hops)}; ssh's configuration read by {by}"


def in_home(path: Path, home: Path) -> Path:
    """The path with `~/x` replaced by `x` in `home`."""
    return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _hop(written: Destination, config: HostConfig, ssh: Ssh, home: Path) -> Hop:
    host = config.first("hostname") or written.host
    user = written.user or config.first("user") or config.account
    if user is None:
        raise BadInput(
            f"server.ssh.to: {written.host}: this account has no name: expected user@host"
        )
    port = written.port or _number(config, "port", written, 22)
    alias = config.first("hostkeyalias")
    tokens = tokens_of(written, host, port, user, alias, account=config.account) | {"d": str(home)}
    certain = config.all("casignaturealgorithms") or [",".join(PLAIN_ALGORITHMS)]
    wanted = config.all("hostkeyalgorithms")

    def paths(names: list[str]) -> tuple[Path, ...]:
        return tuple(Path(expanded(name, tokens, home)) for name in names)

    user_files = (
        paths(config.files("userknownhostsfile"))
        if "userknownhostsfile" in config.values
        else (in_home(KNOWN_HOSTS, home),)
    )
    named = in_home(ssh.known_hosts, home)
    if named != in_home(KNOWN_HOSTS, home):
        user_files = (named,)
    global_files = config.values.get("globalknownhostsfile")
    command = config.first("proxycommand")
    if command and config.first("proxyusefdpass") == "yes":
        raise BadInput(f"ProxyUseFdpass of {written.host} in ssh's configuration is not supported")
    return Hop(
        host=host,
        port=port,
        user=user,
        name=written.host,
        keys=paths(
            config.all("identityfile")
            if "identityfile" in config.values
            else [f"~/.ssh/{name}" for name in KEY_NAMES]
        ),
        only_these=config.first("identitiesonly") == "yes",
        certificates=paths(config.all("certificatefile")),
        agent=_agent(config, tokens, home),
        known_hosts=(
            *user_files,
            *paths(config.files("globalknownhostsfile") if global_files else [*GLOBAL_KNOWN_HOSTS]),
        ),
        to_add_to=next((file for file in user_files if file != Path(os.devnull)), None),
        alias=alias,
        check_address=config.first("checkhostip") == "yes",
        strictness=config.first("stricthostkeychecking") or "ask",
        revoked_keys=next(iter(paths(config.all("revokedhostkeys"))), None),
        host_key_algorithms=_usable(wanted, written) if wanted else ALGORITHMS,
        authority_algorithms=tuple(certain[0].split(",")),
        proxy_command=with_tokens(command, tokens) if command else None,
        family=config.first("addressfamily") or "any",
        bind=config.first("bindaddress"),
        connect_within_s=_number(config, "connecttimeout", written, 0) or None,
        compressed=config.first("compression") == "yes",
        configured_by=config.by,
    )


def _agent(config: HostConfig, tokens: dict[str, str], home: Path) -> str | None:
    """The agent's socket, by IdentityAgent or the variable that it names."""
    inherited = os.environ.get("SSH_AUTH_SOCK")
    if "identityagent" not in config.values:
        return inherited
    named = config.first("identityagent")
    if named is None or named == "SSH_AUTH_SOCK":
        return inherited if named else None
    return os.environ.get(named[1:]) if named.startswith("$") else expanded(named, tokens, home)


def _usable(wanted: list[str], written: Destination) -> tuple[str, ...]:
    """The algorithms of HostKeyAlgorithms that paramiko supports."""
    if wanted[0][:1] in "+-^":
        return ALGORITHMS
    usable = tuple(name for name in wanted[0].split(",") if name in ALGORITHMS)
    if not usable:
        raise BadInput(
            f"HostKeyAlgorithms {wanted[0]} of {written.host} in ssh's configuration: expected some"
            f" of {', '.join(ALGORITHMS)}"
        )
    return usable


def _number(config: HostConfig, key: str, written: Destination, otherwise: int) -> int:
    text = config.first(key)
    if text is None:
        return otherwise
    if not text.isdigit():
        raise BadInput(f"{key} {text!r} of {written.host} in ssh's configuration is not a number")
    return int(text)


def _private(key: Path, home: Path) -> Path:
    """The private key's path; of a `.pub` without one beside it, the `.pub`."""
    path = in_home(key, home)
    if not (path.is_file() or Path(f"{path}.pub").is_file()):
        raise BadInput(f"server.ssh.key: {key} is not a file")
    private = path.with_suffix("")
    return private if path.suffix == ".pub" and private.is_file() else path
