"""A server whose pages need what a probe has of its own: a login, a header, a cookie, a token.

A request that lacks it is answered with 401. With TLS it may ask for a certificate (`Authority`).
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

LOGIN = ("me", "pass: word-7391")
HEADER = "header-secret-5520"
COOKIE = "cookie-secret-8812"
USERS = {"alice-4410": "horse-battery-2", "bobby-9023": "staple-correct-8"}

TALKATIVE = """
<script>
  const given = new URLSearchParams(location.search);
  const [user, token] = [given.get("user"), given.get("token")];
  console.error(`${user} came with ${token} and ${localStorage.getItem("key")} by ${location}`);
  setTimeout(() => { throw new Error(`the session of ${user} is odd`); });
  new WebSocket(`ws://${location.host}/socket?user=${user}&token=${token}`);
  document.title = user;
</script>
"""
ROOM = (Path(__file__).parent / "data/pages/call.html").read_text() + TALKATIVE
"""A page that calls itself (`calls=1`) and tells all that it knows wherever it can."""


@dataclass(frozen=True)
class Certificate:
    """A certificate in files, with its key."""

    cert: Path
    key: Path


@dataclass
class LoginPages:
    """The server's address, and the headers of all requests for each path."""

    url: str
    requests: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)

    def last(self, path: str) -> Mapping[str, str]:
        return self.requests[path][-1]


@asynccontextmanager
async def login_pages(tls: ssl.SSLContext | None = None) -> AsyncIterator[LoginPages]:
    """`/basic`, `/header` and `/cookie` need one each; others nothing.

    `/api/login` answers a POST of `USERS` with a token and a cookie; `/room?token=` needs both.
    """
    pages = LoginPages("")

    async def answer(request: web.Request) -> web.Response:
        pages.requests.setdefault(request.path, []).append(dict(request.headers))
        if request.path == "/api/login":
            return await _logged_in(request)
        basic = f"Basic {b64encode(':'.join(LOGIN).encode()).decode()}"
        allowed = {
            "/basic": request.headers.get("Authorization") == basic,
            "/header": request.headers.get("X-Key") == HEADER,
            "/cookie": request.cookies.get("session") == COOKIE,
            "/room": request.query.get("token", "-") == request.cookies.get("login"),
        }
        if not allowed.get(request.path, True):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="farm"'})
        page = ROOM if request.path == "/room" else "<p>a page</p>"
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/socket", _kicked)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    (address,) = runner.addresses
    pages.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{address[1]}/"
    try:
        yield pages
    finally:
        await runner.cleanup()


async def _kicked(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close(code=4001, message=f"bye {request.query['user']}".encode())
    return socket


async def _logged_in(request: web.Request) -> web.Response:
    given = await request.json()
    if USERS.get(given.get("user")) != given.get("password"):
        raise web.HTTPForbidden(text=f"no user {given.get('user')} of that password")
    token = f"token-of-{given['user']}"
    answer = web.json_response({"data": {"accessToken": token, "expires": 60}, "list": [token]})
    answer.set_cookie("login", token)
    return answer


class Authority:
    """Signs certificates; asks clients for one of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority of a test")
        own = self._signed(self._name, self._key.public_key(), days=1, is_authority=True)
        self._file = folder / "authority.pem"
        self._file.write_bytes(own.public_bytes(Encoding.PEM))

    def certificate(self, name: str, *, days: float = 1, passphrase: str = "") -> Certificate:
        """One that ends in so many days, in the files `NAME.pem` and `NAME.key`."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        signed = self._signed(_named(name), key.public_key(), days=days)
        made.cert.write_bytes(signed.public_bytes(Encoding.PEM))
        locked: KeySerializationEncryption = NoEncryption()
        if passphrase:
            locked = BestAvailableEncryption(passphrase.encode())
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
        return made

    def server(self) -> ssl.SSLContext:
        """TLS of a server that refuses clients without a certificate of this authority."""
        own = self.certificate("server")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self._file))
        context.load_cert_chain(own.cert, own.key)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        days: float,
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(here, critical=False)
            .sign(self._key, SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
