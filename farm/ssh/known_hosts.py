"""Reads known_hosts as OpenSSH does: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".

A broken line, or one with an unknown marker, is ignored, as OpenSSH does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from farm.errors import BadInput

_KRL = b"SSHKRL\n\0"
"""The first bytes of a key revocation list: PROTOCOL.krl."""


class Marker(Enum):
    """The role of a line's key: of a host, of an authority, revoked."""

    HOST = ""
    AUTHORITY = "@cert-authority"
    REVOKED = "@revoked"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """The key of a line that names the host; `exactly`: by its whole name, not by a pattern."""

    marker: Marker
    key_type: str
    blob: bytes
    file: Path
    line: int
    exactly: bool

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)


class KnownHosts:
    """Several files of known hosts, as one; `unreadable` has an error for each unreadable one."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._texts: list[tuple[Path, str]] = []
        self.unreadable: list[str] = []
        for file in files:
            try:
                self._texts.append((file, file.read_bytes().decode(errors="replace")))
            except FileNotFoundError:
                continue
            except OSError as error:
                self.unreadable.append(f"{file} cannot be read: {error.strerror}")

    def of(self, name: str) -> list[KnownKey]:
        """All keys of a host; `name` is as in known_hosts: `host`, or `[host]:port`."""
        return [
            key
            for file, text in self._texts
            for number, line in enumerate(text.split("\n"), 1)
            if (key := _known(line, name.lower(), file, number)) is not None
        ]

    def broken(self, name: str) -> list[str]:
        """Places of lines that name the host, and whose key cannot be read."""
        return [
            f"{file}:{number}"
            for file, text in self._texts
            for number, line in enumerate(text.split("\n"), 1)
            if (fields := _fields(line)) is not None
            and _matches(fields[1], name.lower())
            and _known(line, name.lower(), file, number) is None
        ]


def revoked_keys(file: Path | None) -> list[KnownKey]:
    """The keys of RevokedHostKeys: one a line. Raises BadInput if they cannot be read."""
    if file is None:
        return []
    setting = "RevokedHostKeys of ssh's configuration"
    try:
        text = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{setting}: {file} cannot be read: {error.strerror}") from None
    if text.startswith(_KRL):
        raise BadInput(f"{setting}: {file} is a KRL: expected a text with a key a line")
    lines = enumerate(text.decode(errors="replace").split("\n"), 1)
    return [
        KnownKey(Marker.REVOKED, line.split()[0], blob, file, number, exactly=True)
        for number, line in lines
        if (blob := _blob(line.split())) is not None
    ]


def fingerprint(blob: bytes) -> str:
    """A key's fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _known(line: str, name: str, file: Path, number: int) -> KnownKey | None:
    fields = _fields(line)
    if fields is None:
        return None
    marker, names, key = fields
    if not _matches(names, name) or (blob := _blob(key)) is None:
        return None
    exactly = names.startswith("|") or name in names.lower().split(",")
    return KnownKey(marker, key[0], blob, file, number, exactly)


def _fields(line: str) -> tuple[Marker, str, list[str]] | None:
    """Marker, names and key fields of a line; `None` for a comment or an unknown marker."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = Marker.HOST
    if words[0].startswith("@"):
        try:
            marker = Marker(words.pop(0))
        except ValueError:
            return None
    if not words or words[0].startswith("@"):
        return None
    return marker, words[0], words[1:]


def _blob(words: list[str]) -> bytes | None:
    """The decoded key; `None` if it is invalid, or of another type than its field says."""
    try:
        blob = base64.b64decode(words[1], validate=True)
        parts = list(_strings(blob))
    except (IndexError, binascii.Error, ValueError, struct.error):
        return None
    return blob if len(parts) > 1 and parts[0] == words[0].encode() else None


def _strings(blob: bytes) -> Iterator[bytes]:
    """The strings of a key: RFC 4251, section 5."""
    at = 0
    while at < len(blob):
        (length,) = struct.unpack_from(">I", blob, at)
        at += 4 + length
        if at > len(blob):
            raise ValueError("a key that is cut short")
        yield blob[at - length : at]


def _matches(names: str, name: str) -> bool:
    """Whether a line's names match the host: a hash, or patterns of which no `!` one matches."""
    if names.startswith("|"):
        return _hashed(names, name)
    matched = False
    for pattern in names.lower().split(","):
        if _matched(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


def _matched(pattern: str, name: str) -> bool:
    """Whether a pattern matches; only `*` and `?` are special, brackets are not."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == name
    signs = ({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch("".join(signs), name) is not None


def _hashed(names: str, name: str) -> bool:
    """Whether `|1|salt|hash` is the HMAC-SHA1 of the name."""
    try:
        _, kind, salt, expected = names.split("|")
        made = hmac.digest(base64.b64decode(salt), name.encode(), "sha1")
        return kind == "1" and hmac.compare_digest(made, base64.b64decode(expected))
    except ValueError:
        return False
