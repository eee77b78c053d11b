"""A driver: the steps by which each role of a scenario joins a page and leaves it.

Written as `browser_scripts/drivers/NAME.yaml`, documented in docs/drivers.md, executed by
`farm/browser/`. These are its values once read and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.experiment import RoomMedia


@dataclass(frozen=True, slots=True)
class Where:
    """Where a step acts: in the probe's page, or in the newest tab that this one opened.

    `frames` are selectors of `<iframe>`s (templates), the outermost first.
    """

    frames: tuple[str, ...] = ()
    in_new_tab: bool = False


HERE = Where()


@dataclass(frozen=True, slots=True)
class Goto:
    """Open a page; `url` is a template (`{app_url}group?room={session}`): see `page_address`."""

    url: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Type `text` (a template) into the element that `selector` finds."""

    selector: str
    text: str
    where: Where = HERE


@dataclass(frozen=True, slots=True)
class Select:
    """Choose the option whose value or label is `option` (a template) in a `<select>`."""

    selector: str
    option: str
    where: Where = HERE


@dataclass(frozen=True, slots=True)
class Click:
    selector: str
    where: Where = HERE


@dataclass(frozen=True, slots=True)
class AcceptDialog:
    """From now on answer dialogs such as `window.confirm` with OK."""


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Until an element is visible, or a JavaScript expression is true.

    Exactly one of `selector` and `function` is given. `within_s` is how long it may take.
    """

    selector: str | None = None
    function: str | None = None
    within_s: float = 15.0
    where: Where = HERE


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Run JavaScript in the page: the text of a file beside the driver."""

    script: str
    file: str
    where: Where = HERE


Step = Goto | Fill | Select | Click | AcceptDialog | WaitFor | Evaluate


def where(step: Step) -> Where:
    """Where a step acts; pages are opened, and dialogs answered, in the probe's own page."""
    return HERE if isinstance(step, Goto | AcceptDialog) else step.where


@dataclass(frozen=True, slots=True)
class RoleSteps:
    """The steps of one role. After `join` the next role may start, after `joined` media are due."""

    join: tuple[Step, ...]
    joined: tuple[Step, ...] = ()
    leave: tuple[Step, ...] = ()
    after: str | None = None


def is_file_name(driver: str) -> bool:
    """Whether `app.driver` names a file, and not one of those that come with the farm."""
    return "/" in driver or driver.endswith((".yaml", ".yml"))


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver; `media` is what its server does with a room's streams, `None`: not given."""

    name: str
    roles: Mapping[str, RoleSteps]
    media: RoomMedia | None = None
