"""Messages that explain why no Kurento can be reached at an address."""

from __future__ import annotations

import errno

import aiohttp

from farm.errors import KurentoRefused


def why_unreachable(error: BaseException, connect_within_s: float) -> str | None:
    """The message for a failed connection; `None` for an exception of another kind."""
    match error:
        case TimeoutError():
            limit = f"connect_within_s = {connect_within_s:g} s"
            return f"no answer within {limit}; is it a Kurento server?"
        case aiohttp.WSServerHandshakeError():
            return f"answered HTTP {error.status}, no WebSocket; Kurento's path is /kurento"
        case aiohttp.ClientResponseError():
            return "not a Kurento server (what answers there is no HTTP server)"
        case aiohttp.ClientConnectorError() | OSError():
            return f"nothing answers there ({_reason(error)})"
        case aiohttp.ClientError() | KurentoRefused():
            return f"not a Kurento server ({error})"
        case _:
            return None


def refused(error: BaseException) -> bool:
    """Whether the connection was refused: nothing listens at the port."""
    return isinstance(error, OSError) and _cause(error).errno == errno.ECONNREFUSED


def _reason(error: OSError) -> str:
    return "connection refused" if refused(error) else str(_cause(error).strerror or error)


def _cause(error: OSError) -> OSError:
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
