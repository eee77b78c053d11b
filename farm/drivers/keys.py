"""Names of keys, as Playwright's `press` takes them: `Enter`, `Control+A`, `a`. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from string import ascii_uppercase, digits

MODIFIERS = ("Alt", "Control", "ControlOrMeta", "Meta", "Shift")
KEYS = (
    *(*MODIFIERS, "AltGraph", "CapsLock", "NumLock", "ScrollLock", "ContextMenu", "PrintScreen"),
    *("ArrowDown", "ArrowLeft", "ArrowRight", "ArrowUp", "End", "Home", "PageDown", "PageUp"),
    *("Backspace", "Delete", "Enter", "Escape", "Insert", "Pause", "Space", "Tab"),
    *("Backquote", "Backslash", "BracketLeft", "BracketRight", "Comma", "Equal", "Minus"),
    *("Period", "Quote", "Semicolon", "Slash"),
    *(f"F{number}" for number in range(1, 13)),
    *(f"Digit{digit}" for digit in digits),
    *(f"Key{letter}" for letter in ascii_uppercase),
    *(f"Numpad{digit}" for digit in digits),
    *(f"Numpad{name}" for name in ("Add", "Decimal", "Divide", "Enter", "Multiply", "Subtract")),
    *(
        f"{name}{side}"
        for name in ("Alt", "Control", "Meta", "Shift")
        for side in ("Left", "Right")
    ),
    *("AudioVolumeDown", "AudioVolumeMute", "AudioVolumeUp"),
    *("MediaPlayPause", "MediaTrackNext", "MediaTrackPrevious"),
)


def wrong_key(keys: str) -> str | None:
    """A message about the first name in `Control+Entr` that is no key's; `None`: all are.

    A `+` behind another `+` is the key of that name.
    """
    *modifiers, key = re.split(r"(?<=.)\+(?=.)", keys)
    for name, known in (*((modifier, MODIFIERS) for modifier in modifiers), (key, KEYS)):
        if name not in known and not (known is KEYS and len(name) == 1):
            near = get_close_matches(name, known, 1, cutoff=0.5)
            there = f"did you mean {near[0]}?" if near else "such as Enter, Control+A or a"
            return f"no key {name!r}: {there}"
    return None
