"""Whether a machine is the one that known_hosts knows."""

from __future__ import annotations

import socket
from pathlib import Path

import paramiko

from farm.errors import BadInput, HostKeyUnknown, ServerUnreachable
from farm.ssh.route import Hop

Way = socket.socket | paramiko.Channel
"""What the bytes of a connection go through: a socket, or a channel of the hop before."""


def verified(
    hop: Hop, way: Way, known_hosts: Path, before: Hop | None, within_s: float
) -> paramiko.Transport:
    """The SSH handshake with a host whose key is known; its names may be hashed there.

    Raises HostKeyUnknown with the command that adds the key (run on `before`, the hop from which
    the host is reached), ServerUnreachable, BadInput.
    """
    known = _known_keys(known_hosts, hop)
    transport = paramiko.Transport(way)
    transport.banner_timeout = transport.auth_timeout = within_s
    options = transport.get_security_options()
    preferred = [name for kind in known for name in _algorithms(kind) if name in options.key_types]
    options.key_types = preferred + [name for name in options.key_types if name not in preferred]
    try:
        transport.start_client(timeout=within_s)
        shown = transport.get_remote_server_key()
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise ServerUnreachable(
            f"{hop.host} port {hop.port} answers, but does not speak SSH: {error or 'it hung up'}"
        ) from None
    if known.get(shown.get_name()) != shown:
        transport.close()
        raise HostKeyUnknown(_refusal(hop, shown, list(known.values()), known_hosts, before))
    return transport


def _known_keys(file: Path, hop: Hop) -> dict[str, paramiko.PKey]:
    """The host's keys by type; names may be hashed."""
    if not file.is_file():
        return {}
    try:
        found = paramiko.HostKeys(str(file)).lookup(hop.entry)
    except (OSError, UnicodeDecodeError, paramiko.hostkeys.InvalidHostKey) as error:
        raise BadInput(f"server.ssh.known_hosts: {file} cannot be read: {error}") from None
    return dict(found or {})


def _algorithms(key_type: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,)


def _refusal(
    hop: Hop, shown: paramiko.PKey, known: list[paramiko.PKey], file: Path, before: Hop | None
) -> str:
    scan = f"ssh-keyscan -p {hop.port} {hop.host}"
    if before is not None:
        scan = f"ssh -p {before.port} {before.user}@{before.host} {scan}"
    if not known:
        return (
            f"the key of {hop.host} port {hop.port} is not in {file}; it showed"
            f" {shown.get_name()} {shown.fingerprint}. If that is right, add it: {scan} >> {file}"
        )
    return (
        f"the key of {hop.host} port {hop.port} CHANGED: {file} has"
        f" {', '.join(key.fingerprint for key in known)}, it showed {shown.get_name()}"
        f" {shown.fingerprint}. Somebody may be in between. If the machine was installed anew:"
        f" ssh-keygen -R '{hop.entry}' -f {file} && {scan} >> {file}"
    )
