"""How the streams of probes look in figures over time: a colour for whom each comes from. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes

from reports.figures.canvas import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SENT, VERMILLION
from reports.series.probe_channels import StreamChannels
from reports.wording.stream_names import from_whom

Look = Mapping[str, Any]
"""What matplotlib calls the properties of a line."""

_COLORS = (GREEN, ORANGE, PURPLE, VERMILLION, BLACK, "#56B4E9")
_MOST = len(_COLORS)
_SENT_DASHES = ("-", (0, (7, 2)), (0, (5, 1, 1, 1)), (0, (2, 1)))
_LINES, _LETTERS = 4, 40  # of words in a panel
_LINE_SHARE = 0.13  # of a panel: a line of words in it


@dataclass(slots=True)
class Looks:
    """Of all streams of a figure; received ones of the worst senders have colours of their own.

    Those that are sent have one colour, and dashes of their own where they go to several by
    themselves. `order` has the streams, the worst first.
    """

    order: Iterable[StreamChannels]
    _color: dict[str, str] = field(default_factory=dict)
    _dashes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for channels in self.order:
            label = _label(channels)
            if channels.is_sent:
                if label not in self._dashes and len(self._dashes) < len(_SENT_DASHES):
                    self._dashes[label] = _SENT_DASHES[len(self._dashes)]
            elif label not in self._color:
                self._color[label] = _COLORS[len(self._color)] if len(self._color) < _MOST else GREY

    def of(self, channels: StreamChannels) -> Look:
        """Colour, dashes and label of a line."""
        if channels.is_sent:
            label = _label(channels)
            dashes = self._dashes.get(label)
            if dashes is None:
                return {"color": SENT, "ls": "-", "alpha": 0.4, "label": "sent to others"}
            return {"color": SENT, "ls": dashes, "label": label}
        color = self._color[_label(channels)]
        if color == GREY:
            return {"color": GREY, "ls": "--", "label": "received from others", "zorder": 1.5}
        return {"color": color, "ls": "--", "label": _label(channels), "zorder": 2.5}


def _label(channels: StreamChannels) -> str:
    """`received from p001`, whatever its kind: kinds have panels of their own."""
    return channels.name.removeprefix(f"{channels.stream.kind} ")


def worst_first(streams: Iterable[StreamChannels]) -> list[StreamChannels]:
    """Those that ended or never came, then extras; else in their order."""
    return sorted(streams, key=lambda each: (not each.ended, each.stream.owed))


def endings(streams: Sequence[StreamChannels]) -> str:
    """`video from p002 ended 12 s into the hold`, a line each; empty where all went on."""
    told = [
        f"{each.stream.kind} {from_whom(each.stream) or each.name.split(' ', 1)[1]} {each.ended}"
        for each in streams
        if each.ended
    ]
    left = len(told) - _LINES
    shown = [*told[:_LINES], *([f"and {left} more"] if left > 0 else [])]
    return "\n".join(textwrap.fill(line, _LETTERS, subsequent_indent="  ") for line in shown)


def say_endings(axes: Axes, streams: Sequence[StreamChannels]) -> float:
    """Write them into the panel, at its top; returns how much higher it must be for them."""
    words = endings(streams)
    if not words:
        return 1.0
    axes.annotate(
        words,
        (0.01, 0.98),
        xycoords="axes fraction",
        va="top",
        fontsize=7,
        color=VERMILLION,
        bbox={"facecolor": "white", "alpha": 0.85, "lw": 0, "pad": 1},
        zorder=5,
    )
    return 1 / max(0.3, 1 - _LINE_SHARE * (words.count("\n") + 1))


ROUND_TRIP = {"color": BLUE, "ls": "-.", "label": "round trip (ICE)"}
