"""When each picture of a file is shown: its timestamps, brought into an order. Pure.

Files begin at any time, lack timestamps (a raw stream has none), repeat them, and jump where one
was appended to another.
"""

from __future__ import annotations

from dataclasses import dataclass

DISORDER = 5
"""By so many pictures a muxer's disorder sets one back at most: it then comes at once."""

JUMP_AHEAD_S = 10.0
"""Less is a picture that stays, in a format in which time may jump."""


@dataclass(slots=True)
class PictureTimes:
    """Seconds since the first picture, which never fall; `may_jump`: the format allows that."""

    may_jump: bool
    _stated_s: float | None = None
    _ahead_s: float | None = None
    _last_s: float | None = None

    def of(self, stated_s: float | None, step_s: float) -> float:
        """The time of the next picture: `stated_s` by the file; `step_s` after the last if by none.

        The first time that is stated settles what all others are counted from.
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
