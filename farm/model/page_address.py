"""The address of the page that a probe opens, by `app.url` and a driver's `goto`. Pure.

`{app_url}` alone is `app.url` as it was written. What follows it is a relative reference (RFC 3986)
from there; a path that ends without a slash is a folder, unless a query follows it or its last part
has a dot in it: that is a page (`lobby.html`), and what counts is its folder. A fragment that is a
path, `#/room` or `#!/room`, as pages with routes of their own have, takes what follows likewise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from yarl import URL


@dataclass(frozen=True, slots=True)
class Login:
    """User and password of a URL; browsers and servers get them in a header."""

    user: str
    password: str


def app_address(url: str) -> str:
    """`app.url` as a browser requests it: always with a path, without its user."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=_host(parts), path=asked_path(parts.path)))


def asked_path(path: str) -> str:
    """A path as browsers request it: `\\` is `/`, `.` and `..` are resolved."""
    kept: list[str] = []
    folder = False
    for part in path.replace("\\", "/").split("/")[1:]:
        plain = part.lower().replace("%2e", ".")
        if plain == "..":
            kept = kept[:-1]
        elif plain != ".":
            kept.append(part)
        folder = plain in (".", "..")
    return f"/{'/'.join([*kept, '']) if folder and kept else '/'.join(kept)}"


def login_of(url: str) -> Login | None:
    """User and password that `app.url` names."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return Login(unquote(parts.username), unquote(parts.password or ""))


def without_passwords(text: str) -> str:
    """`text` with `***` in place of the password of each URL in it."""
    return re.sub(r"(://[^/?#:@\s]*):[^/?#\s]*@", r"\1:***@", text)


def origin_of(url: str) -> str:
    """`http://host:8080` as browsers write it: no default port, other letters as `xn--`.

    Raises ValueError for what has none.
    """
    return str(URL(url).origin())


def page_address(app_url: str, rest: str) -> str:
    """The page that `{app_url}` with `rest` behind it names; `app_url` is an `app_address`."""
    parts = urlsplit(app_url)
    if not rest:
        return app_url
    if rest.startswith("&") and parts.query:
        return urlunsplit(parts._replace(query=parts.query + rest))
    if rest[0] in "?#":
        return urljoin(app_url, rest)
    if parts.fragment.startswith(("/", "!/")):
        return urlunsplit(parts._replace(fragment=_route(parts.fragment, rest)))
    below = rest.lstrip("/")
    last = parts.path.rpartition("/")[2]
    folder = parts.path if parts.query or "." in last else f"{parts.path.rstrip('/')}/"
    # Not `a:b`, which is an address of the scheme `a`.
    return urljoin(urlunsplit(parts._replace(path=folder)), f"./{below}")


def _route(fragment: str, rest: str) -> str:
    """A fragment that is a path, with or without a query, and what follows it."""
    route, _, query = fragment.partition("?")
    if rest.startswith("&"):
        return f"{fragment}{rest}" if query else f"{route}?{rest[1:]}"
    folder = route.rpartition("/")[0] if query else route.rstrip("/")
    return f"{folder}/{rest.lstrip('/')}"


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
