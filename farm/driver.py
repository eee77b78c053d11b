"""A driver: the steps by which each role of a scenario joins a page and leaves it.

Written as `browser_scripts/drivers/NAME.yaml`, documented in docs/drivers.md, executed by
`farm/browser/`. These are its values once read and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.experiment import RoomMedia


@dataclass(frozen=True, slots=True)
class Goto:
    """Open a page; `url` is a template (`{app_url}group?room={session}`)."""

    url: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Type `text` (a template) into the element that `selector` finds."""

    selector: str
    text: str


@dataclass(frozen=True, slots=True)
class Select:
    """Choose the option whose value or label is `option` (a template) in a `<select>`."""

    selector: str
    option: str


@dataclass(frozen=True, slots=True)
class Click:
    selector: str


@dataclass(frozen=True, slots=True)
class AcceptDialog:
    """From now on answer `window.confirm` and its kin with OK."""


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Until an element is visible, or a JavaScript expression is true.

    Exactly one of `selector` and `function` is given. `within_s` is how long it may take.
    """

    selector: str | None = None
    function: str | None = None
    within_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Run JavaScript in the page: the text of a file beside the driver."""

    script: str
    file: str


Step = Goto | Fill | Select | Click | AcceptDialog | WaitFor | Evaluate


@dataclass(frozen=True, slots=True)
class RoleSteps:
    """How one role lives. `join` ends when the next role may start, `joined` when media is due."""

    join: tuple[Step, ...]
    joined: tuple[Step, ...] = ()
    leave: tuple[Step, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """`media` is what the server behind the page does with a room's streams; `None`: not said."""

    name: str
    roles: Mapping[str, RoleSteps]
    media: RoomMedia | None = None
