"""Recorded actions -> the text of a driver. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from farm.browser.recorded_action import ReceivedVideo, RecordedAction
from farm.drivers.keys import wrong_key
from farm.model.experiment import RoomMedia

Part = Literal["join", "joined", "leave"]

Named = Callable[[str], str]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NOT_TEXT = ("true", "false", "null", "yes", "no", "on", "off")
_OF_FIELDS = ("fill", "select", "press")
"""Actions on fields, which are there, under their labels, before anything is typed."""

_STRUCTURE = re.compile(r"nth=.*|(?:internal:)?role=\w+|[a-z:-]+=")
"""The beginning of a part of a selector that is no text of the page: `role=link`, `text=`."""

REMOTE = (
    "(video) => video.srcObject?.getVideoTracks().some((track) => track.label === 'remote video')"
)
"""Whether an element shows a received video; Chromium labels the tracks of a receiver so."""


@dataclass(frozen=True, slots=True)
class RecordedRole:
    """What a person did as one role, part by part. `video` is `None` where none was received.

    `of_each`: there is an element for each partner in a room, so that all are waited for.
    """

    role: str
    after: str | None
    parts: Mapping[Part, Sequence[RecordedAction]]
    video: ReceivedVideo | None = None
    of_each: bool = False


@dataclass(slots=True)
class RecordedDriver:
    """A driver's text, and what is to be said of it: actions that no step can repeat, and the like.

    `goto` is the first page's address, a template. `names` are texts that were typed, and the
    templates that stand for them.
    """

    goto: str
    roles: Sequence[RecordedRole]
    names: Mapping[str, str]
    media: RoomMedia | None = None
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The YAML; `notes` are made anew."""
        self.notes.clear()
        lines = ["# Recorded by farm record-driver.", "format: 1"]
        if self.media is not None:
            lines.append(f"media: {self.media}")
        lines.append("roles:")
        for role in self.roles:
            lines += [f"  {role.role}:"]
            if role.after is not None:
                lines.append(f"    after: {role.after}")
            lines += self._role(role)
        return "\n".join(lines) + "\n"

    def _role(self, role: RecordedRole) -> Iterator[str]:
        yield "    join:"
        yield f"      - goto: {_scalar(self.goto)}"
        if any(action.dialog for actions in role.parts.values() for action in actions):
            yield "      - accept_dialog: true"
        yield from self._steps(role, "join")
        joined = [*self._steps(role, "joined"), *_wait_for_video(role)]
        if joined:
            yield "    joined:"
            yield from joined
        leave = list(self._steps(role, "leave"))
        if leave:
            yield "    leave:"
            yield from leave

    def _steps(self, role: RecordedRole, part: Part) -> Iterator[str]:
        for action in without_clicks_into_fields(role.parts.get(part, ())):
            step = self._step(action)
            if step is None:
                what = _described(action)
                self.notes.append(f"{role.role}: {part}: {what}: no step was made of it")
                yield f"      # {what}"
                continue
            if action.name not in _OF_FIELDS and self._selector(action.selector) != action.selector:
                what = f"{_described(action)}: what you typed is in its selector, and was replaced"
                self.notes.append(f"{role.role}: {part}: {what}; put back a word of the page's own")
            yield f"      - {step}"
            yield from _where(action.frames, action.tab, self._selector)
        if any("password" in action.label.lower() for action in role.parts.get(part, ())):
            self.notes.append(f"{role.role}: {part}: a password is in the file, as it was typed")

    def _step(self, action: RecordedAction) -> str | None:
        is_field = action.name in _OF_FIELDS
        selector = _scalar(action.selector if is_field else self._selector(action.selector))
        match action.name:
            case "click" if action.clicks <= 2:
                return f"{'click' if action.clicks == 1 else 'dblclick'}: {selector}"
            case "check" | "uncheck":
                return f"{action.name}: {selector}"
            case "press" if wrong_key(action.text) is None:
                return f"press: {{{selector}: {_scalar(action.text)}}}"
            case "fill" | "select":
                return f"{action.name}: {{{selector}: {_scalar(self._named(action.text))}}}"
        return None

    def _named(self, text: str) -> str:
        """The text with what was typed as a name replaced."""
        return with_names(text, self.names)

    def _selector(self, selector: str) -> str:
        """The selector with names replaced in what it says of the page's texts and attributes."""
        parts = []
        for part in selector.split(" >> "):
            found = _STRUCTURE.match(part)
            structure = found[0] if found else ""
            parts.append(structure + self._named(part.removeprefix(structure)))
        return " >> ".join(parts)


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with each whole word that is in `names` replaced, the longest first."""
    if not names:
        return text
    words = "|".join(re.escape(typed) for typed in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{words})(?!\w)", lambda found: names[found[0]], text)


def without_clicks_into_fields(actions: Sequence[RecordedAction]) -> list[RecordedAction]:
    """The actions without clicks into a field that is filled next: filling needs none."""
    kept: list[RecordedAction] = []
    for action in actions:
        before = kept[-1] if kept else None
        same = before is not None and (before.selector, before.frames, before.tab) == (
            action.selector,
            action.frames,
            action.tab,
        )
        if same and before is not None and before.name == "click" and action.name in _OF_FIELDS:
            kept.pop()
        if same and before is not None and before.name == action.name == "fill":
            kept.pop()
        kept.append(action)
    return kept


def _wait_for_video(role: RecordedRole) -> Iterator[str]:
    if role.video is None:
        return
    elements = "[...document.querySelectorAll('video')]"
    yield "      # Until a received video plays."
    yield "      - wait_for:"
    yield "          function: >-"
    yield f"            {elements}.filter({REMOTE})"
    if role.of_each:
        yield "            .length >= {members} - 1"
        yield f"            && {elements}.filter({REMOTE})"
    yield "            .some((video) => video.currentTime > 0)"
    yield "          within: 30s"
    yield from _where(role.video.frames, role.video.tab, str)


def _where(frames: Sequence[str], tab: int, named: Named) -> Iterator[str]:
    if len(frames) == 1:
        yield f"        frame: {_scalar(named(frames[0]))}"
    elif frames:
        yield f"        frame: [{', '.join(_scalar(named(frame)) for frame in frames)}]"
    if tab:
        yield "        in_new_tab: true"


def _described(action: RecordedAction) -> str:
    """`press Enter in textbox Name`, for a comment."""
    where = action.label or action.selector
    if action.name == "navigate":
        return f"the page went to {action.text}; if you typed that address: goto"
    name = action.name
    if name == "click" and action.clicks > 1:
        name = "double click" if action.clicks == 2 else f"{action.clicks} clicks"
    return " ".join(f"{name} {action.text} in {where}".split())


def _scalar(text: str) -> str:
    """The text as a YAML scalar on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    if '"' in text and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False)
