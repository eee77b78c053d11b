"""Reads and checks OpenSSH's certificates: PROTOCOL.certkeys. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

import paramiko
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

SUFFIX = "-cert-v01@openssh.com"
_STRINGS_OF_KEY = {"ssh-ed25519": 1, "ssh-rsa": 2}
"""Number of strings in a public key of this type; 2 for other types (ECDSA)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate: its public key, its authority's key, its signature algorithm."""

    key_type: str
    blob: bytes
    public: bytes
    authority: bytes
    signed_by: str
    contents: SSHCertificate


def read_certificate(blob: bytes) -> Certificate:
    """Parse a certificate. Raises ValueError if it is none, or its signature is wrong."""
    key_type = paramiko.Message(blob).get_text()
    line = f"{key_type} {base64.b64encode(blob).decode()}"
    try:
        contents = load_ssh_public_identity(line.encode())
        if not isinstance(contents, SSHCertificate):
            raise ValueError("not a certificate")
        contents.verify_cert_signature()
        public, authority = (
            base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
            for key in (contents.public_key(), contents.signature_key())
        )
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise ValueError(str(error) or "its signature is not its authority's") from None
    return Certificate(key_type, blob, public, authority, _signed_by(blob), contents)


def fault_of_host(
    certificate: Certificate, host: str, algorithms: tuple[str, ...], now_s: float
) -> str | None:
    """Why it is not valid for a host, or `None`; `algorithms` are those accepted of authorities.

    No principals at all stand for every host; patterns in them have no meaning.
    """
    contents = certificate.contents
    if contents.type is not SSHCertificateType.HOST:
        return "it is not a host's certificate"
    if (fault := fault_of_time(certificate, now_s)) is not None:
        return fault
    principals = [name.decode(errors="replace") for name in contents.valid_principals]
    if principals and host not in principals:
        return f"it is for {', '.join(principals)}, not for {host}"
    if contents.critical_options:
        names = ", ".join(name.decode(errors="replace") for name in contents.critical_options)
        return f"it has unknown critical options: {names}"
    if certificate.signed_by not in algorithms:
        return f"it is signed with {certificate.signed_by}, which is not accepted"
    return None


def fault_of_time(certificate: Certificate, now_s: float) -> str | None:
    """Why it is not valid now, or `None`."""
    if now_s < certificate.contents.valid_after:
        return f"it is not valid before {_utc(certificate.contents.valid_after)}"
    if now_s >= certificate.contents.valid_before:
        return f"it expired {_utc(certificate.contents.valid_before)}"
    return None


def _utc(at_s: int) -> str:
    """A time as text; times beyond the calendar, which certificates may have, as its last day."""
    try:
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "9999-12-31"


def _signed_by(blob: bytes) -> str:
    """The algorithm of its signature, which is its last field."""
    message = paramiko.Message(blob)
    kind = message.get_text().removesuffix(SUFFIX)
    for _ in range(1 + _STRINGS_OF_KEY.get(kind, 2)):  # nonce, key
        message.get_binary()
    message.get_int64()
    message.get_int()
    for _ in range(2):  # key id, principals
        message.get_binary()
    for _ in range(2):  # valid from and to
        message.get_int64()
    for _ in range(4):  # critical options, extensions, reserved, the authority's key
        message.get_binary()
    return paramiko.Message(message.get_binary()).get_text()
