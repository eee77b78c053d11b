"""`farm serve`: starts demo app and embedded server, for the user's own browser."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import secrets
import signal
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from farm.bench.children import start_demo_app, start_embedded_kurento, start_janus
from farm.bench.generator import address_towards
from farm.bench.janus_server import janus_info
from farm.bench.media_server import server_info
from farm.errors import BadInput, ProcessError
from farm.experiment_file.defaults import JANUS_RECORDINGS
from farm.model.server_settings import EMBEDDED, HERE, RecordingSettings
from farm.processes import Processes

ELSEWHERE = "198.51.100.1"  # RFC 5737: of no machine; it is sent nothing


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm serve --tls   (cameras of phones and other machines need https)"
    server = verb.add_mutually_exclusive_group()
    server.add_argument("--kurento", default=EMBEDDED, help="ws://host:8888/kurento, or embedded")
    server.add_argument("--janus", help="ws://host:8188, or here (Debian's), instead of a Kurento")
    verb.add_argument("--port", type=int, default=8443, help="of the page (%(default)s); 0: any")
    verb.add_argument(
        "--tls", action="store_true", help="serve this machine's network, with a certificate"
    )
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    _check_port("0.0.0.0" if options.tls else "127.0.0.1", options.port)  # noqa: S104
    asyncio.run(_serve(options))
    return 0


def _check_port(host: str, port: int) -> None:
    """Raise BadInput if the farm cannot listen at that port."""
    if not 0 <= port <= 65535:
        raise BadInput(f"--port: {port}: expected 0 (any free one) to 65535")
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            raise BadInput(
                f"--port: {port}: {error.strerror}: expected a free one, or 0 for any"
            ) from error


async def _serve(options: argparse.Namespace) -> None:
    if options.janus is not None and options.janus != HERE:
        await janus_info(options.janus, "--janus")
    elif options.janus is None and options.kurento != EMBEDDED:
        await server_info(options.kurento, "--kurento")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logs = Path(tempfile.mkdtemp(prefix="farm-serve-"))
    async with Processes(logs) as processes:
        addresses = _addresses() if options.tls else ["127.0.0.1"]
        tls = None
        if options.tls:
            tls = self_signed(processes.temporary_directory("farm-tls-"), addresses)
        children = []
        server: tuple[str, str] = ("--kurento", options.kurento)
        if options.janus is not None:
            server = ("--janus", options.janus)
            if options.janus == HERE:
                janus = await start_janus(
                    processes,
                    secrets.token_urlsafe(),
                    address=address_to_network() if options.tls else None,
                )
                children.append(janus.child)
                server = ("--janus", janus.url)
        elif options.kurento == EMBEDDED:
            embedded = await start_embedded_kurento(
                processes, addresses=addresses, recordings=RecordingSettings().directory
            )
            children.append(embedded.child)
            server = ("--kurento", embedded.url)
        own = RecordingSettings().directory
        app = await start_demo_app(
            processes,
            server,
            recordings=own if options.janus is None else JANUS_RECORDINGS,
            host="0.0.0.0" if options.tls else "127.0.0.1",  # noqa: S104 - asked for by --tls
            port=options.port,
            tls=tls,
        )
        children.append(app)
        port = urlsplit(str(app.ready["url"])).port
        for address in addresses:
            print(f"http{'s' if options.tls else ''}://{address}:{port}/", flush=True)
        print(f"logs are in {logs}; Ctrl-C ends it", flush=True)
        ends = [asyncio.ensure_future(child.died()) for child in children]
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait([*ends, stopped], return_when=asyncio.FIRST_COMPLETED)
        for end in (*ends, stopped):
            end.cancel()
        for child in children:
            if not child.alive:
                raise ProcessError(f"{child.name} ended: {child.log_tail()}")


def address_to_network() -> str | None:
    """This machine's address on its default route; `None` without one."""
    try:
        return address_towards(ELSEWHERE)
    except BadInput:
        return None


def _addresses() -> list[str]:
    """This machine's IPv4 addresses, loopback first."""
    found = {
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family.name == "AF_INET"
    }
    return sorted(found, key=lambda address: (not address.startswith("127."), address))


def self_signed(directory: Path, addresses: list[str]) -> tuple[Path, Path]:
    """A certificate for these addresses, and its key: two files, written into `directory`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "probe farm demo app")])
    now = datetime.now(UTC)
    alternatives = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = directory / "certificate.pem", directory / "key.pem"
    written[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    written[1].touch(mode=0o600)
    written[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return written
