"""Actions as Playwright's recorder tells them (its generator `jsonl`), as values. Pure.

Each line is a JSON object: the action with its `selector`, its `signals`, and its `locator`:
`{"kind": "role", "body": "button", "options": {"name": "Join", "exact": false}, "next": {...}}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ENTER_FRAME = " >> internal:control=enter-frame >> "


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """One action of a person in a page.

    `name` is Playwright's: `click`, `fill`, `press`, `select`, `check`, `navigate`, ... `label` is
    the element's name as a person reads it, where the recorder knows it. `text` is what was filled
    in, the key that was pressed, the option or file that was chosen, or the address. `frames` are
    selectors, the outermost first; `tab` is 0 in the probe's own tab. `dialog`: it opened one.
    """

    name: str
    selector: str
    label: str = ""
    text: str = ""
    frames: tuple[str, ...] = ()
    tab: int = 0
    clicks: int = 1
    dialog: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedVideo:
    """Where received videos play in a probe's tabs: so many `elements` in one document."""

    frames: tuple[str, ...] = ()
    tab: int = 0
    elements: int = 1


def recorded_action(line: str, tab: int) -> RecordedAction | None:
    """The action of a line; `None` for one that a person does not do, as that a page was opened.

    Raises ValueError for a line that is no such object: this Playwright's recorder is another.
    """
    entry = json.loads(line)
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError(f"no action: {line[:80]}")
    name = entry["name"]
    if name in ("openPage", "closePage") or name.startswith("assert"):
        return None
    signals = entry.get("signals") or ()
    selectors, label = _selectors(entry.get("locator"), str(entry.get("selector") or ""))
    return RecordedAction(
        name,
        selectors[-1],
        label,
        _text(entry),
        selectors[:-1],
        tab,
        int(entry.get("clickCount") or 1),
        any(signal.get("name") == "dialog" for signal in signals),
    )


def _text(entry: Mapping[str, Any]) -> str:
    for key in ("text", "url"):
        if entry.get(key) is not None:
            return str(entry[key])
    if entry["name"] == "press":
        modifiers = int(entry.get("modifiers") or 0)
        names = ("Alt", "Control", "Meta", "Shift")
        held = [name for bit, name in enumerate(names) if modifiers & 1 << bit]
        return "+".join([*held, str(entry.get("key") or "")])
    many = entry.get("options") or entry.get("files") or ()
    return str(many[0]) if many else ""


def _selectors(locator: Any, raw: str) -> tuple[tuple[str, ...], str]:
    """The selectors of the frames and of the element, and the element's label."""
    pieces = raw.split(ENTER_FRAME)
    parts: list[list[Mapping[str, Any]]] = [[]]
    for part in _chain(locator):
        if part.get("kind") == "frame":
            parts.append([])
        else:
            parts[-1].append(part)
    if len(parts) != len(pieces):  # the recorder's own text is understood, too
        return tuple(pieces), ""
    labels = [str(part["options"]["name"]) for part in parts[-1] if _has_name(part)]
    labels += [str(part.get("body") or "") for part in parts[-1] if part.get("kind") in _LABELS]
    selectors = (_selector(of, piece) for of, piece in zip(parts, pieces, strict=True))
    return tuple(selectors), labels[-1] if labels else ""


def _chain(locator: Any) -> Iterator[Mapping[str, Any]]:
    while isinstance(locator, dict):
        yield locator
        locator = locator.get("next")


_LABELS = ("text", "label", "placeholder", "title", "alt")


def _has_name(part: Mapping[str, Any]) -> bool:
    return part.get("kind") == "role" and isinstance(part.get("options", {}).get("name"), str)


def _selector(parts: list[Mapping[str, Any]], raw: str) -> str:
    """Playwright's documented selector of an element; the recorder's where there is none."""
    made = [_engine(part) for part in parts]
    known = [each for each in made if each is not None]
    return " >> ".join(known) if known and len(known) == len(made) else raw


def _engine(part: Mapping[str, Any]) -> str | None:
    """`role=button[name*="Join"i]`, `text="Join"`; `None`: only the recorder's text says it."""
    kind, body, options = str(part.get("kind")), part.get("body"), part.get("options") or {}
    if not isinstance(body, str):
        return None
    exact, selector = options.get("exact") is True, None
    match kind:
        case "default":
            selector = body
        case "nth":
            selector = f"nth={body}"
        case "first" | "last":
            selector = f"nth={'0' if kind == 'first' else '-1'}"
        case "role" if not options.get("attrs"):
            selector = _role(body, options.get("name"), exact=exact)
        case "text" if exact or _is_plain(body):
            selector = f"text={_quoted(body) if exact else body}"
        case "placeholder" | "alt" | "title":
            selector = f"[{kind}{'=' if exact else '*='}{_quoted(body)}{' s' if exact else ' i'}]"
    return selector


def _role(role: str, name: Any, *, exact: bool) -> str | None:
    if name is None:
        return f"role={role}"
    if not isinstance(name, str):  # a regular expression
        return None
    return f"role={role}[name={_quoted(name)}]" if exact else f"role={role}[name*={_quoted(name)}i]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether `text=` takes it literally: no quotes, slashes (a regular expression), chains."""
    return text == text.strip() and not text.startswith(('"', "'", "/")) and ">>" not in text
