"""Key files and certificates that are broken, of other kinds, or no files: never a traceback."""

from __future__ import annotations

import base64
import os
import random
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    SSHCertificateBuilder,
    SSHCertificateType,
)

from farm.ssh.certificate import fault_of_host, read_certificate
from farm.ssh.keys import read_key
from tests.openssh import make_key

BEYOND_THE_CALENDAR_S = 2**63


def certificate(after_s: int = 0, before_s: int = 2**64 - 1) -> bytes:
    made = (
        SSHCertificateBuilder()
        .public_key(Ed25519PrivateKey.generate().public_key())
        .serial(1)
        .type(SSHCertificateType.HOST)
        .key_id(b"test")
        .valid_for_all_principals()
        .valid_after(after_s)
        .valid_before(before_s)
        .sign(Ed25519PrivateKey.generate())
    )
    return base64.b64decode(made.public_bytes().split()[1])


def test_a_certificate_says_when_it_is_valid() -> None:
    algorithms = ("ssh-ed25519",)
    good = read_certificate(certificate())
    assert fault_of_host(good, "media", algorithms, 1e9) is None
    assert fault_of_host(good, "media", ("rsa-sha2-512",), 1e9) == (
        "it is signed with ssh-ed25519, which is not accepted"
    )
    late = read_certificate(certificate(BEYOND_THE_CALENDAR_S))
    assert fault_of_host(late, "media", algorithms, 1e9) == "it is not valid before 9999-12-31"


def test_a_certificate_that_was_changed_is_refused() -> None:
    blob, chance = certificate(), random.Random(7)
    assert read_certificate(blob).blob == blob
    nonce = 4 + len("ssh-ed25519-cert-v01@openssh.com")
    for _ in range(300):
        at = chance.randrange(nonce, len(blob))
        broken = blob[:at] + bytes([blob[at] ^ chance.randrange(1, 256)]) + blob[at + 1 :]
        with pytest.raises(ValueError):
            read_certificate(broken)
    for end in range(0, len(blob), 7):
        with pytest.raises(ValueError):
            read_certificate(blob[:end])


@pytest.mark.live
@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_key_file_with_a_byte_wrong_is_a_trouble(tmp_path: Path, kind: str) -> None:
    key, chance = make_key(tmp_path / "key", kind=kind), random.Random(7)
    text = key.read_bytes()
    assert read_key(key).private is not None
    for _ in range(100):
        at = chance.randrange(len(text))
        key.write_bytes(text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :])
        read_key(key)


@pytest.mark.live
def test_a_key_of_a_kind_that_nobody_takes_is_not_read(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key", kind="ed25519")
    text = base64.b64decode("".join(key.read_text().splitlines()[1:-1]))
    dsa = text.replace(b"\0\0\0\x0bssh-ed25519", b"\0\0\0\x07ssh-dss\0\0\0\0")
    body = base64.encodebytes(dsa).decode()
    key.write_text(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}-----END OPENSSH PRIVATE KEY-----\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_key(key).trouble == "not a private key that can be read here"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_key(tmp_path / "pipe").trouble == "not a file"
    assert read_key(tmp_path).trouble == "not a file"
    assert read_key(tmp_path / "gone").trouble == "No such file or directory"
    (tmp_path / "empty").touch()
    assert read_key(tmp_path / "empty").trouble == "not a private key that can be read here"
