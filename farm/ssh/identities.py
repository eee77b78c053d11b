"""The keys that a login offers, in order: files, certificates, keys of the agent."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

from farm.ssh.certificate import SUFFIX, Certificate, fault_of_time, read_certificate
from farm.ssh.keys import KeyFile, public_half, read_key
from farm.ssh.known_hosts import fingerprint
from farm.ssh.route import KEY_NAMES, Hop


class Identity(paramiko.PKey):
    """A key to offer, with its certificate where it has one; `label` is its name in messages.

    If the agent refuses to sign, the signature is empty, which the server refuses: an exception
    would end the connection before other keys are tried.
    """

    def __init__(
        self, label: str, key: paramiko.PKey, certificate: Certificate | None = None
    ) -> None:
        self.label = label
        self.unsigned = False
        self.public_blob = None
        if certificate is not None:
            self.public_blob = paramiko.pkey.PublicBlob(certificate.key_type, certificate.blob)
        self._key = key

    @property
    def offered(self) -> bytes:
        """The public key or certificate that the server is shown."""
        return self.public_blob.key_blob if self.public_blob else self.asbytes()

    def get_name(self) -> str:
        return self._key.get_name()

    def asbytes(self) -> bytes:
        return self._key.asbytes()

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        try:
            return self._key.sign_ssh_data(data, algorithm)
        except (paramiko.SSHException, OSError, ValueError, TypeError, struct.error):
            self.unsigned = True
            return paramiko.Message()


@dataclass(frozen=True, slots=True)
class MissingIdentity:
    """A key that was named and cannot be offered; `label` says why."""

    label: str


def identities(
    hop: Hop, agent: tuple[paramiko.AgentKey, ...]
) -> Iterator[Identity | MissingIdentity]:
    """Named files, then the agent's keys, then files with default names, as OpenSSH does."""
    plain = {key.asbytes(): key for key in agent if not key.get_name().endswith(SUFFIX)}
    certificates = [*_of_files(hop), *_of_agent(agent)]
    files = [read_key(path) for path in hop.keys if _is_meant(path)]
    usual = [file for file in files if file.path.name in KEY_NAMES and not hop.only_these]
    for file in files:
        if file not in usual:
            yield from _of_file(file, plain, certificates)
    if not hop.only_these or any(file.public is None and file.path.is_file() for file in files):
        for key in agent:
            label = f"agent key {fingerprint(key.blob)}"
            if not key.get_name().endswith(SUFFIX):
                yield from _with_certificates(label, key, certificates)
            else:
                with suppress(ValueError):
                    yield Identity(f"{label}, a certificate", key, read_certificate(key.blob))
    else:
        for _, certificate in _of_files(hop):
            if certificate.public in plain:
                yield from _with_certificates(
                    "agent key of a certificate", plain[certificate.public], certificates
                )
    for file in usual:
        yield from _of_file(file, plain, certificates)


def _is_meant(path: Path) -> bool:
    """Whether the file was named, or exists with a default name."""
    return path.name not in KEY_NAMES or path.is_file() or Path(f"{path}.pub").is_file()


def _of_file(
    file: KeyFile,
    agent: dict[bytes, paramiko.AgentKey],
    certificates: list[tuple[str, Certificate]],
) -> Iterator[Identity | MissingIdentity]:
    """A key file to offer; one that cannot be read is offered by the agent if it has it."""
    key, label = file.private, f"key {file.path}"
    if key is None and file.public in agent:
        key, label = agent[file.public], f"{label} by the agent"
    if key is not None:
        yield from _with_certificates(label, key, certificates)
    elif file.public is None:
        yield MissingIdentity(f"{label} ({file.trouble}: ssh-add {file.path})")
    else:
        yield MissingIdentity(
            f"{label} ({file.trouble}, and not in the agent: ssh-add {file.path})"
        )


def _with_certificates(
    label: str, key: paramiko.PKey, certificates: list[tuple[str, Certificate]]
) -> Iterator[Identity]:
    """The key with each of its certificates, then without."""
    for name, certificate in certificates:
        if certificate.public == key.asbytes():
            fault = fault_of_time(certificate, time.time())
            yield Identity(
                f"{label} with certificate {name}" + (f" ({fault})" if fault else ""),
                key,
                certificate,
            )
    yield Identity(label, key)


def _of_files(hop: Hop) -> list[tuple[str, Certificate]]:
    """Certificates beside the keys, `KEY-cert.pub`, and those that CertificateFile names."""
    beside = [Path(f"{str(path).removesuffix('.pub')}-cert.pub") for path in hop.keys]
    certificates = []
    for path in dict.fromkeys((*beside, *hop.certificates)):
        with suppress(ValueError):
            if (blob := public_half(path)) is not None:
                certificates.append((str(path), read_certificate(blob)))
    return certificates


def _of_agent(agent: tuple[paramiko.AgentKey, ...]) -> Iterator[tuple[str, Certificate]]:
    for key in agent:
        if key.get_name().endswith(SUFFIX):
            with suppress(ValueError):
                yield "of the agent", read_certificate(key.blob)
