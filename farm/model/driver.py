"""A driver: the steps by which each role of a scenario joins a page, acts in it and leaves it.

Written as `browser_scripts/drivers/NAME.yaml`, documented in docs/drivers.md, executed by
`farm/browser/`. These are its values once read and checked. Steps have the names of Playwright's
methods; `key` is the name of each in YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from farm.model.experiment import RoomMedia

STEP_WITHIN_S = 15.0
REPEAT_WITHIN_S = 60.0
IF_VISIBLE_WITHIN_S = 2.0

ElementState = Literal["visible", "hidden", "attached", "detached"]
"""The states of an element that Playwright waits for."""

LoadedWhen = Literal["load", "domcontentloaded", "commit"]
"""The events of a page at which Playwright takes it for loaded (its `wait_until`)."""

Source = Literal["microphone", "camera", "screen"]
"""What a page may send tracks of."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a step acts: in the probe's page, or in the newest tab that this one opened.

    `frames` are selectors of `<iframe>`s (templates), the outermost first.
    """

    frames: tuple[str, ...] = ()
    in_new_tab: bool = False


HERE = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStep:
    """What all steps have. `place` is `FILE:LINE` of the driver; empty: it is of no file."""

    key: ClassVar[str]
    where: Where = HERE
    within_s: float = STEP_WITHIN_S
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Goto(DriverStep):
    """Open a page; `url` is a template (`{app_url}group?room={session}`): see `page_address`."""

    key = "goto"
    url: str
    wait_until: LoadedWhen = "load"


@dataclass(frozen=True, slots=True)
class Reload(DriverStep):
    """Load the page again."""

    key = "reload"
    wait_until: LoadedWhen = "load"


@dataclass(frozen=True, slots=True)
class GoBack(DriverStep):
    """Go to the page before."""

    key = "go_back"


@dataclass(frozen=True, slots=True)
class Fill(DriverStep):
    """Put `text` (a template) into the field that `selector` finds."""

    key = "fill"
    selector: str
    text: str


@dataclass(frozen=True, slots=True)
class Press(DriverStep):
    """Press a key, such as `Enter` or `Control+A`, in an element; without one, in the page."""

    key = "press"
    keys: str
    selector: str | None = None


@dataclass(frozen=True, slots=True)
class Select(DriverStep):
    """Choose the option whose value or label is `option` (a template) in a `<select>`."""

    key = "select"
    selector: str
    option: str


@dataclass(frozen=True, slots=True)
class Check(DriverStep):
    """Tick a checkbox or radio button, unless it is ticked."""

    key = "check"
    selector: str


@dataclass(frozen=True, slots=True)
class Uncheck(DriverStep):
    """Clear a checkbox, unless it is clear."""

    key = "uncheck"
    selector: str


@dataclass(frozen=True, slots=True)
class Click(DriverStep):
    key = "click"
    selector: str


@dataclass(frozen=True, slots=True)
class DoubleClick(DriverStep):
    key = "dblclick"
    selector: str


@dataclass(frozen=True, slots=True)
class Hover(DriverStep):
    """Move the mouse over an element."""

    key = "hover"
    selector: str


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file beside the driver, with its content: hosts elsewhere do not have it."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetFiles(DriverStep):
    """Choose files in an `<input type=file>`."""

    key = "set_files"
    selector: str
    files: tuple[ChosenFile, ...]


@dataclass(frozen=True, slots=True)
class AcceptDialog(DriverStep):
    """From now on answer dialogs such as `window.confirm` with OK, a `prompt` with `text`."""

    key = "accept_dialog"
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DismissDialog(DriverStep):
    """From now on answer dialogs with Cancel, and do not take them for a failure."""

    key = "dismiss_dialog"


@dataclass(frozen=True, slots=True)
class WaitFor(DriverStep):
    """Until something is so: exactly one of an element, `function`, `url` and `network_idle`.

    An element is given by `selector`, by `text`, or by both. `state` is of that element; `count`
    (a template) is how many elements are to be in that state. `url` is a glob, or `/REGEX/`.
    """

    key = "wait_for"
    selector: str | None = None
    function: str | None = None
    text: str | None = None
    url: str | None = None
    network_idle: bool = False
    state: ElementState = "visible"
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Pause(DriverStep):
    """Do nothing for a time."""

    key = "pause"
    for_s: float


@dataclass(frozen=True, slots=True)
class Evaluate(DriverStep):
    """Run JavaScript in the page: the text of a file beside the driver.

    `turn` has the variables of the `repeat`s around it, once templates are filled in.
    """

    key = "evaluate"
    script: str
    file: str
    turn: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Screenshot(DriverStep):
    """Take a picture of the page, `PROBE-NAME.png` in the run's screenshots; a template."""

    key = "screenshot"
    name: str


@dataclass(frozen=True, slots=True)
class Mute(DriverStep):
    """Disable (`MediaStreamTrack.enabled`) the tracks of a source that the page sends."""

    key = "mute"
    source: Source


@dataclass(frozen=True, slots=True)
class Unmute(DriverStep):
    """Enable them again."""

    key = "unmute"
    source: Source


@dataclass(frozen=True, slots=True)
class IfVisible(DriverStep):
    """Execute `steps` if an element is visible within `within_s`; else skip them."""

    key = "if_visible"
    selector: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Repeat(DriverStep):
    """Execute `steps` again and again; `within_s` is for all turns together.

    Exactly one of: `times` (a template of a number), `until` (looked at before each turn),
    `each_partner` (a turn for each other probe of the session, which is `{partner}`).
    """

    key = "repeat"
    steps: tuple[Step, ...]
    times: str | None = None
    until: WaitFor | None = None
    each_partner: bool = False


@dataclass(frozen=True, slots=True)
class Http(DriverStep):
    """Make a request with the page's cookies, and keep values of its answer as variables.

    `url`, `headers`, and all texts in `json` or `form`, are templates. `save` has the place in the
    answer's JSON of each variable; an empty place is all of its text.
    """

    key = "http"
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    save: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)


Step = (
    (Goto | Reload | GoBack)
    | (Fill | Press | Select | Check | Uncheck | Click | DoubleClick | Hover | SetFiles)
    | (AcceptDialog | DismissDialog | WaitFor | Pause | Evaluate | Screenshot | Mute | Unmute)
    | (IfVisible | Repeat | Http)
)


@dataclass(frozen=True, slots=True)
class HoldSteps:
    """Steps of a role at a time of the hold: `at_s` after its beginning, then `every_s`.

    Of each session the probes whose numbers (`{index}`) are in `only` do them, all of the role
    without it; `in_turn`: one of them each time, the next one the next time.
    """

    steps: tuple[Step, ...]
    at_s: float
    every_s: float | None = None
    only: tuple[int, ...] = ()
    in_turn: bool = False
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ChannelAnswers:
    """Data channels of this label on which what a probe sends is answered.

    The answer is the same text, or, with a `member`, a JSON object that has the same value there,
    or, with `question` and `answer`, a text of the second pattern that has in the place of its `*`
    what one of the first has there.
    """

    label: str
    member: str | None = None
    question: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class RoleSteps:
    """The steps of one role. After `join` the next role may start, after `joined` media are due.

    `after_join` are steps in the hold, `answers` the data channels on which a page measures the
    time to an answer.
    """

    join: tuple[Step, ...]
    joined: tuple[Step, ...] = ()
    leave: tuple[Step, ...] = ()
    after: str | None = None
    after_join: tuple[HoldSteps, ...] = ()
    answers: tuple[ChannelAnswers, ...] = ()


def is_file_name(driver: str) -> bool:
    """Whether `app.driver` names a file, and not one of those that come with the farm."""
    return "/" in driver or driver.endswith((".yaml", ".yml"))


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver; `media` is what its server does with a room's streams, `None`: not given.

    `environment` has the variables of the environment that it names, each with its first place.
    """

    name: str
    roles: Mapping[str, RoleSteps]
    media: RoomMedia | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
