"""Every error the farm raises on purpose.

    FarmError
    ├── BadInput                  exit 2: one clear line, nothing started
    │   ├── ExperimentError       a file, a line, a key, a value
    │   ├── MissingTool           no Chromium, no sshd, no clip
    │   └── InUse                 another process holds what only one may hold
    ├── ServerError               the system under test
    │   ├── ServerUnreachable
    │   │   ├── HostKeyUnknown    refused; the message holds the command that adds it
    │   │   ├── LoginRefused
    │   │   └── CommandsRefused   logged in, but the login runs nothing: nologin, sftp only
    │   ├── AnswerCut             a command there was killed: its result is unknown
    │   └── ServerLost            it answered before and does not any more
    ├── KurentoError              what the media server answered
    │   ├── KurentoUnreachable    nothing there, or something that does not speak Kurento
    │   ├── KurentoLost           the socket died and its session could not be resumed
    │   ├── KurentoTimeout        no answer within the time of the setting named
    │   └── KurentoRefused        an error object; `code` and `type` as sent
    │       ├── MarshallError            40001
    │       ├── InvalidSession           40007
    │       ├── NoSuchOperation          40008 and -32601
    │       ├── ObjectNotFound           40101
    │       ├── EventNotSupported        40106
    │       ├── TypeNotAvailable         40108
    │       └── SdpRefused               402xx
    ├── JanusError                what a Janus answered
    │   ├── JanusUnreachable      nothing there, or something that does not speak Janus' API
    │   ├── JanusLost             the socket died
    │   ├── JanusTimeout          no answer within the time of the setting named
    │   └── JanusRefused          an error of its core or of a plugin; `code` as sent
    ├── GeneratorError            ours: a trial it happens in is invalid; outside of one: exit 3
    │   ├── ProcessError          a child that did not start, or died
    │   ├── BrowserError          Chromium or a page of it
    │   └── HostLost              a machine that ran probes
    ├── CloudError                a cloud refused, or took too long: exit 3
    │   ├── NoCapacity            no machine of that kind is available there now
    │   └── NotThereYet           a change is not visible everywhere yet: tried again
    ├── JoinError                 a probe that could not join: a failure of its session
    └── RecordingError            a run folder that cannot be read or written
        └── NoSpace               the disk is full: exit 3, what is written stays readable

`str(error)` is one line that a user can act on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class FarmError(Exception):
    """The root of the tree; a bug of the farm is never one of these."""


class BadInput(FarmError):
    """What the user gave cannot be used; nothing was started. Exit 2."""


class ExperimentError(BadInput):
    """A wrong key or value, in an experiment or a file that it names.

    The message begins with its place, `file:line: key`, and says what is allowed there.
    """


class MissingTool(BadInput):
    """A program or file that the run needs is not on this machine."""


class InUse(BadInput):
    """Another process holds what only one may write; `by` names it."""

    def __init__(self, what: str, by: str) -> None:
        super().__init__(f"{what}: another farm writes it: {by}")
        self.by = by


class ServerError(FarmError):
    """The system under test failed, or could not be reached."""


class ServerUnreachable(ServerError):
    """Nothing answered at the address given."""


class HostKeyUnknown(ServerUnreachable):
    """The SSH host's key is not in known_hosts, or is another; refused."""


class LoginRefused(ServerUnreachable):
    """The SSH host accepted neither key nor agent."""


class CommandsRefused(ServerUnreachable):
    """The SSH host accepted the login, but runs no commands for it; the message quotes it."""


class AnswerCut(ServerError):
    """A command on the server was killed, or its answer is incomplete: its result is unknown."""


class ServerLost(ServerError):
    """The server answered before and does not any more."""


class KurentoError(FarmError):
    """Something between us and the media server's JSON-RPC."""


class KurentoUnreachable(KurentoError):
    """No WebSocket at the address, or one that does not speak Kurento's protocol."""


class KurentoLost(KurentoError):
    """The socket died and its session could not be resumed."""


class KurentoTimeout(KurentoError):
    """A request got no answer in time; the message names method and setting."""


class KurentoRefused(KurentoError):
    """A JSON-RPC error object. `code` and `type` are as the server sent them."""

    def __init__(self, code: int, message: str, type: str | None = None) -> None:
        super().__init__(f"{message} ({code}{f' {type}' if type else ''})")
        self.code = code
        self.message = message
        self.type = type


class MarshallError(KurentoRefused):
    """40001: a parameter is missing or of another type."""


class InvalidSession(KurentoRefused):
    """40007: the session is not known (any more)."""


class NoSuchOperation(KurentoRefused):
    """40008 or -32601: no such operation or method."""


class ObjectNotFound(KurentoRefused):
    """40101: the media object does not exist (any more)."""


class EventNotSupported(KurentoRefused):
    """40106: the object has no such event."""


class TypeNotAvailable(KurentoRefused):
    """40108: the server has no factory of that name."""


class SdpRefused(KurentoRefused):
    """402xx: the SDP could not be parsed or negotiated."""


class JanusError(FarmError):
    """Something between us and a Janus' API."""


class JanusUnreachable(JanusError):
    """No WebSocket at the address, or one that does not speak Janus' API."""


class JanusLost(JanusError):
    """The socket died, and its sessions with it."""


class JanusTimeout(JanusError):
    """A request got no answer in time; the message names request and setting."""


class JanusRefused(JanusError):
    """An error that Janus, or one of its plugins, answered. `code` is as the server sent it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message


class GeneratorError(FarmError):
    """The load generator failed; a trial in which it happens is invalid.

    Raised in a group of tasks it is in an ExceptionGroup: catch it with `except*`.
    """


class ProcessError(GeneratorError):
    """A child process did not start, did not get ready in time, or died."""


class BrowserError(GeneratorError):
    """Chromium, or a page of it, failed; not the application under test."""


class HostLost(GeneratorError):
    """A machine that ran probes stopped answering."""


class CloudError(FarmError):
    """A cloud refused, throttled, or took too long; the message names what is left half-made."""


class NoCapacity(CloudError):
    """The cloud has no machine of that kind, in any zone that was allowed."""


class NotThereYet(CloudError):
    """A change made a moment ago is not visible everywhere in the cloud yet."""


class JoinError(FarmError):
    """A probe could not join its session.

    `reason` is a short slug (`signalling`, `dialog`, `media`, `navigation`, `page_error`,
    `request`, `timeout`, `partner`), the message one line for the user, `screenshot` a file that
    shows the page, where one could be taken.
    """

    def __init__(self, reason: str, message: str, screenshot: Path | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.screenshot = screenshot


class RecordingError(FarmError):
    """A run folder that cannot be read or written."""


class NoSpace(RecordingError):
    """The controller's disk is full; what is written stays readable. Exit 3."""


def first_error(group: BaseExceptionGroup[Any]) -> BaseException:
    """The first error in a group of groups, as `asyncio.TaskGroup` raises what broke in it."""
    error = group.exceptions[0]
    return first_error(error) if isinstance(error, BaseExceptionGroup) else error
