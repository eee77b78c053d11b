"""Which typed texts are names of a user or of a session, and what stands for them. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from farm.drivers.steps import APP_URL

SESSION = "{session}"

_SESSION_FIELD = re.compile(r"room|session|meeting|conference|channel|stream", re.IGNORECASE)
_USER_FIELD = re.compile(r"name|user|nick|login|peer|callee|caller|who", re.IGNORECASE)


def own_name(role: str) -> str:
    """What stands for the name of a role's user, for others of its session to use it, too.

    Of members and viewers a session has many.
    """
    return "{probe}" if role in ("member", "viewer") else f"{SESSION}-{role}"


def looks_like(label: str) -> str:
    """`session`, `user`, or nothing: what a field with this label asks for."""
    if _SESSION_FIELD.search(label):
        return "session"
    return "user" if _USER_FIELD.search(label) else ""


def url_with_session(url: str, session: str | None) -> tuple[str, str]:
    """The address for `app.url`, and the template of the first page.

    Where the session's name is a part of the address, the template has `{session}` for it.
    """
    if session is None:
        return url, APP_URL
    word = re.compile(rf"(?<!\w){re.escape(session)}(?!\w)")
    found = word.search(url, len(urlsplit(url).netloc) + url.find("//") + 2)
    if found is None:
        return url, APP_URL
    before = url[: found.start()]
    marks = [before.rfind(mark) for mark in ("?", "#")]
    cut = min((at for at in marks if at >= 0), default=before.rfind("/") + 1)
    return url[:cut], f"{APP_URL}{word.sub(SESSION, url[cut:])}"
