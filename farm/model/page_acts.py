"""Values: what pages and the driver's steps in them did in a trial, beside media. Pure.

Times are run time.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.session_roles import SentMedia

PAUSED = "paused all its encodings"
"""A page's act on request of its server: it then owes nothing of the kind, and is owed all."""

REFUSED = "did not want to receive"
"""A page's act towards what it received before: that is not owed to it meanwhile."""


@dataclass(frozen=True, slots=True)
class PageAct:
    """A page itself stopped sending or receiving at `at_s`; `what` is how.

    `on_one_connection`: on one of several, while it continued on another. `step` is the driver's
    step in the hold after which it did; empty: none was executed just before.
    """

    probe: str
    kind: SentMedia
    at_s: float
    what: str
    on_one_connection: bool = False
    step: str = ""


@dataclass(frozen=True, slots=True)
class FailedHoldSteps:
    """`after_join` steps of a probe that failed at `at_s`; the message names the step."""

    probe: str
    at_s: float
    message: str


CLOSED_INSTEAD = "its page was closed instead"
"""What an event `left` says before the error, where `leave` steps failed."""


@dataclass(frozen=True, slots=True)
class FailedLeave:
    """A probe whose `leave` steps failed, so that its page was closed; the message is the error."""

    probe: str
    message: str


@dataclass(frozen=True, slots=True)
class NoConnection:
    """A page that joined at `at_s`, and for `seen_s` from then on made no RTCPeerConnection.

    `step` is the driver's last one before that, as messages name it; empty in older recordings.
    """

    at_s: float
    seen_s: float
    step: str


@dataclass(frozen=True, slots=True)
class PageLoad:
    """A page loaded a document in the hold, after `step` of the driver; empty: by itself."""

    probe: str
    at_s: float
    url: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class PageDialog:
    """A dialog in the hold that no step said how to answer, and what it was answered with."""

    probe: str
    at_s: float
    name: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reconnection:
    """A page itself closed a connection that worked at `at_s`, and opened another at `again_s`.

    Media of one direction went on by no other connection meanwhile. `step` is the driver's step in
    the hold after which it closed it; empty: none was executed just before.
    """

    probe: str
    at_s: float
    again_s: float
    step: str = ""
