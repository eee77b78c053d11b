"""Decides by known_hosts whether a host's key is trusted, in OpenSSH's order. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import paramiko

from farm.ssh.certificate import Certificate, fault_of_host, read_certificate
from farm.ssh.known_hosts import KnownHosts, KnownKey, Marker, fingerprint
from farm.ssh.route import Hop


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A host's key, and its certificate if it showed one; `fault`: why that cannot be used."""

    key_type: str
    blob: bytes
    certificate: Certificate | None = None
    fault: str | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the host is known; if not: the line that revokes its key, other known keys of the
    host, why its certificate is not valid for it."""

    known: bool
    revoked: KnownKey | None = None
    others: tuple[KnownKey, ...] = ()
    fault: str | None = None


def shown_by(key: paramiko.PKey) -> ShownKey:
    """The key that a host showed; of a certificate only the key was verified so far."""
    blob = key.asbytes()
    if key.public_blob is None:
        return ShownKey(key.get_name(), blob)
    try:
        certificate = read_certificate(key.public_blob.key_blob)
    except ValueError as error:
        return ShownKey(key.get_name(), blob, fault=f"it cannot be read: {error}")
    return ShownKey(key.get_name(), blob, certificate)


def trust_in(
    shown: ShownKey,
    known: KnownHosts,
    hop: Hop,
    address: str | None,
    now_s: float,
    *,
    revoked: Sequence[KnownKey] = (),
) -> Trust:
    """Check the certificate first, then the key; by `[host]:port` first, then by `host` alone.

    A key in a line for `host` is trusted on another port, but a different key there is not a
    changed one. `address` is the one connected to, checked if CheckHostIP asks for it; `revoked`
    are the keys of RevokedHostKeys, of any host.
    """
    keys = [known.of(entry) for entry in hop.entries]
    for line in _revoked(shown, [*revoked, *(key for each in keys for key in each)]):
        return Trust(known=False, revoked=line)
    fault = shown.fault
    if shown.certificate is not None:
        if any(_is_authority(shown.certificate, key) for each in keys for key in each):
            fault = fault_of_host(
                shown.certificate, (hop.alias or hop.host).lower(), hop.authority_algorithms, now_s
            )
            if fault is None:
                return Trust(known=True)
        else:
            fault = f"{fingerprint(shown.certificate.authority)} is not an authority for it there"
    for entry, each in zip(hop.entries, keys, strict=True):
        plain = [key for key in each if key.marker is Marker.HOST]
        if any(key.blob == shown.blob for key in plain):
            return _at_its_address(shown, known, hop, address)
        if plain and entry == hop.entries[0]:
            return Trust(known=False, others=tuple(plain), fault=fault)
    return Trust(known=False, fault=fault)


def _revoked(shown: ShownKey, keys: list[KnownKey]) -> Iterator[KnownKey]:
    """Lines that revoke the key, or the authority of its certificate."""
    authority = shown.certificate and shown.certificate.authority
    for key in keys:
        if key.marker is Marker.REVOKED and key.blob in (shown.blob, authority):
            yield key


def _is_authority(certificate: Certificate, key: KnownKey) -> bool:
    return key.marker is Marker.AUTHORITY and key.blob == certificate.authority


def _at_its_address(shown: ShownKey, known: KnownHosts, hop: Hop, address: str | None) -> Trust:
    """CheckHostIP: check that its address is not known with another key."""
    if not hop.check_address or address in (None, hop.host):
        return Trust(known=True)
    if ipaddress.ip_address(address).is_loopback or hop.alias is not None:
        return Trust(known=True)
    entry = address if hop.port == 22 else f"[{address}]:{hop.port}"
    others = [key for key in known.of(entry) if key.marker is Marker.HOST]
    if others and all(key.blob != shown.blob for key in others):
        return Trust(known=False, others=tuple(others))
    return Trust(known=True)
