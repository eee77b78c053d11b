"""Logging in by key or agent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paramiko

from farm.errors import LoginRefused
from farm.ssh.route import Hop

KEY_TYPES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
KEY_NAMES = ("id_ed25519", "id_ecdsa", "id_rsa")


def log_in(hop: Hop, transport: paramiko.Transport, home: Path) -> None:
    """Offer each key until one is accepted. Raises LoginRefused naming what was tried."""
    tried: list[str] = []
    agent = paramiko.Agent()
    try:
        for label, key in _candidates(hop, agent.get_keys(), home):
            tried.append(label)
            if key is None:
                continue
            with suppress(paramiko.SSHException, EOFError, OSError):
                if not transport.auth_publickey(hop.user, key):
                    return
            if not transport.is_active():
                tried.append("then it hung up")
                break
    finally:
        agent.close()
    raise LoginRefused(
        f"{hop} refused the login; tried: {', '.join(tried) or 'no key, there is none here'}."
        " Passwords are never asked: name a key it accepts (server.ssh.key), or add one to the"
        f" agent, or run: ssh-copy-id -p {hop.port} {hop.user}@{hop.host}"
    )


def _candidates(
    hop: Hop, agent: tuple[paramiko.AgentKey, ...], home: Path
) -> Iterator[tuple[str, paramiko.PKey | None]]:
    """Keys to offer, each with what a user calls it; `None` where it cannot be used."""
    in_agent = {key.asbytes(): key for key in agent}
    for path in hop.keys:
        if path.is_file():
            yield _key(path, in_agent)
    if hop.only_these:
        return
    for key in agent:
        yield f"agent key {key.fingerprint}", key
    for name in KEY_NAMES:
        path = home / ".ssh" / name
        if path.is_file() and path not in hop.keys:
            yield _key(path, in_agent)


def _key(path: Path, in_agent: dict[bytes, paramiko.AgentKey]) -> tuple[str, paramiko.PKey | None]:
    """A key file ready to be offered; an encrypted one by way of the agent."""
    if path.suffix != ".pub":
        for kind in KEY_TYPES:
            try:
                return f"key {path}", kind.from_private_key_file(str(path))
            except paramiko.PasswordRequiredException:
                break
            except (paramiko.SSHException, ValueError, OSError):
                continue
        else:
            return f"key {path} (not a private key)", None
    public = path if path.suffix == ".pub" else Path(f"{path}.pub")
    with suppress(OSError, IndexError, ValueError, paramiko.SSHException):
        blob = paramiko.pkey.PublicBlob.from_file(str(public)).key_blob
        if blob in in_agent:
            return f"key {path} by the agent", in_agent[blob]
    return f"key {path} (encrypted, and not in the agent: ssh-add {path})", None
