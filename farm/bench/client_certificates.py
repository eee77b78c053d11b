"""Reads client certificates and their keys (`app.client_certificates`) from PEM files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from farm.bench.environment import environment_value
from farm.errors import BadInput, ExperimentError
from farm.files.text_file import text_of
from farm.model.page_address import origin_of
from farm.model.page_opening import ClientCertificate
from farm.model.page_settings import ClientCertificateSettings
from farm.model.template_text import environment_in, template_of

SETTING = "app.client_certificates"
UNSUPPORTED = "a key of an unknown kind: expected RSA, or EC with a usual curve"


def client_certificates(
    settings: Sequence[ClientCertificateSettings], app_url: str | None
) -> tuple[ClientCertificate, ...]:
    """All of them. Raises BadInput for one that is unreadable, expired, or not of its key."""
    return tuple(_one(each, f"{SETTING}[{at}]", app_url) for at, each in enumerate(settings))


def _one(settings: ClientCertificateSettings, key: str, app_url: str | None) -> ClientCertificate:
    passphrase = None
    if settings.passphrase is not None:
        (name,) = environment_in(template_of(settings.passphrase))
        passphrase = environment_value(name, f"{key}.passphrase")
    cert, private = _bytes(settings, "cert", key), _bytes(settings, "key", key)
    try:
        certificate = x509.load_pem_x509_certificate(cert)
        public = _public(certificate)
    except ValueError as error:
        raise BadInput(f"{key}.cert: {settings.cert}: expected a certificate in PEM") from error
    except UnsupportedAlgorithm as error:
        raise BadInput(f"{key}.cert: {settings.cert}: {UNSUPPORTED}") from error
    now, ends = datetime.now(UTC), certificate.not_valid_after_utc
    if ends < now:
        raise BadInput(f"{key}.cert: {settings.cert}: expired on {ends:%Y-%m-%d %H:%M} UTC")
    begins = certificate.not_valid_before_utc
    if begins > now:
        raise BadInput(f"{key}.cert: {settings.cert}: not valid before {begins:%Y-%m-%d %H:%M} UTC")
    if public != _public(_private_key(settings, private, passphrase, key)):
        raise BadInput(f"{key}.key: {settings.key}: not the key of {settings.cert}")
    return ClientCertificate(origin_of(settings.origin or app_url or ""), cert, private, passphrase)


def _private_key(
    settings: ClientCertificateSettings, pem: bytes, passphrase: str | None, key: str
) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, None if passphrase is None else passphrase.encode())
    except TypeError as error:  # with a passphrase that it does not have, or without the one it has
        lacks = "it has a passphrase" if passphrase is None else "it has no passphrase"
        raise BadInput(f"{key}.passphrase: {settings.key}: {lacks}") from error
    except UnsupportedAlgorithm as error:
        raise BadInput(f"{key}.key: {settings.key}: {UNSUPPORTED}") from error
    except ValueError as error:
        why = "" if passphrase is None else ", or another passphrase"
        raise BadInput(f"{key}.key: {settings.key}: expected a private key in PEM{why}") from error


def _public(of: x509.Certificate | PrivateKeyTypes) -> bytes:
    return of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _bytes(settings: ClientCertificateSettings, member: str, key: str) -> bytes:
    path = settings.cert if member == "cert" else settings.key
    try:
        return text_of(path.expanduser()).encode()
    except ExperimentError as error:
        raise BadInput(f"{key}.{member}: {error}") from error
