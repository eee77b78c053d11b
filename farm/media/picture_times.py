"""When each frame of a file is shown: its timestamps, made monotonic. Pure.

Files begin at any time, lack timestamps (a raw stream has none), repeat them, and jump where one
was appended to another.
"""

from __future__ import annotations

from dataclasses import dataclass

DISORDER = 5
"""A frame may be late by so many frames, which a muxer put out of order; more is a jump in time."""

JUMP_AHEAD_S = 10.0
"""A larger step ahead is a jump in time, in a format that allows one; a smaller is a long frame."""


@dataclass(slots=True)
class PictureTimes:
    """Seconds since the first frame, which never fall; `may_jump`: timestamps of the format may."""

    may_jump: bool
    _stated_s: float | None = None
    _ahead_s: float | None = None
    _last_s: float | None = None

    def of(self, stated_s: float | None, step_s: float) -> float:
        """The time of the next frame, which the file states as `stated_s`.

        Without a stated time it is `step_s` after the last. Times count from the first stated one.
        """
        due_s = 0.0 if self._last_s is None else self._last_s + step_s
        if stated_s is None or stated_s == self._stated_s:
            at_s = due_s
        else:
            at_s = stated_s + (self._ahead_s if self._ahead_s is not None else due_s - stated_s)
            if self._jumped(at_s, step_s):
                at_s = due_s
            self._ahead_s, self._stated_s = at_s - stated_s, stated_s
            at_s = max(at_s, self._last_s or 0.0)
        self._last_s = at_s
        return at_s

    def _jumped(self, at_s: float, step_s: float) -> bool:
        if self._last_s is None:
            return False
        back, ahead = self._last_s - at_s > DISORDER * step_s, at_s - self._last_s > JUMP_AHEAD_S
        return back or (ahead and self.may_jump)
