"""Reads private keys from files: OpenSSH's format, PEM, PKCS#8."""

from __future__ import annotations

import base64
import binascii
import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

_KINDS: tuple[tuple[type, type[paramiko.PKey]], ...] = (
    (Ed25519PrivateKey, paramiko.Ed25519Key),
    (EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (RSAPrivateKey, paramiko.RSAKey),
)
_ARMOUR = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key: its private half, or why it cannot be read; its public half if it is known."""

    path: Path
    private: paramiko.PKey | None
    public: bytes | None
    trouble: str


def read_key(path: Path) -> KeyFile:
    """Read a key; of a `.pub`, or an encrypted key, only its public half."""
    try:
        if path.exists() and not path.is_file():  # as a pipe, which may never be written to
            raise OSError(0, "not a file")
        text = path.read_bytes()
    except OSError as error:
        return KeyFile(path, None, public_half(Path(f"{path}.pub")), f"{error.strerror}")
    if (public := _public_line(text)) is not None:
        return KeyFile(path, None, public, "only its public half is here")
    try:
        private = _private(text)
    except TypeError:  # it has a passphrase
        public = public_half(Path(f"{path}.pub")) or _open_part(text)
        return KeyFile(path, None, public, "encrypted")
    except (ValueError, UnsupportedAlgorithm, NotImplementedError, paramiko.SSHException):
        public = public_half(Path(f"{path}.pub")) or _open_part(text)
        return KeyFile(path, None, public, "not a private key that can be read here")
    return KeyFile(path, private, private.asbytes(), "")


def public_half(path: Path) -> bytes | None:
    """The key, or certificate, in a file with one line; `None` where there is none."""
    try:
        return _public_line(path.read_bytes())
    except OSError:
        return None


def _public_line(text: bytes) -> bytes | None:
    """`ssh-ed25519 AAAA... comment`."""
    words = text.split()
    with suppress(IndexError, binascii.Error):
        blob = base64.b64decode(words[1], validate=True)
        if paramiko.Message(blob).get_binary() == words[0]:
            return blob
    return None


def _private(text: bytes) -> paramiko.PKey:
    """Parse a private key. Raises TypeError if it needs a passphrase, ValueError otherwise."""
    if (public := _open_part(text)) is not None and public[4:].startswith(b"ssh-dss"):
        raise ValueError("a DSA key")  # no server accepts one, and reading it warns
    load = load_ssh_private_key if _ARMOUR in text else load_pem_private_key
    key = load(text, None)
    for kind, made in _KINDS:
        if isinstance(key, kind):
            plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            return made.from_private_key(io.StringIO(plain.decode()))
    raise ValueError(f"a {type(key).__name__}")


def _open_part(text: bytes) -> bytes | None:
    """The public half in OpenSSH's format, which is not encrypted: PROTOCOL.key."""
    _, began, rest = text.partition(_ARMOUR)
    if not began:
        return None
    with suppress(binascii.Error):
        data = base64.b64decode(rest.partition(b"-----")[0])
        if data.startswith(_MAGIC):
            message = paramiko.Message(data.removeprefix(_MAGIC))
            for _ in range(3):  # cipher, key derivation, its options
                message.get_binary()
            message.get_int()
            return message.get_binary()
    return None
