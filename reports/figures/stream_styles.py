"""Line styles of streams in figures over time: a colour for each sender. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes

from reports.figures.canvas import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SENT, VERMILLION
from reports.series.probe_channels import StreamChannels
from reports.wording.stream_names import from_whom

LineStyle = Mapping[str, Any]
"""Properties of a line, by matplotlib's names."""

_COLORS = (GREEN, ORANGE, PURPLE, VERMILLION, BLACK, "#56B4E9")
_MOST = len(_COLORS)
_SENT_DASHES = ("-", (0, (7, 2)), (0, (5, 1, 1, 1)), (0, (2, 1)))
_LINES, _LETTERS = 4, 40  # of words in a panel
_LINE_SHARE = 0.13  # of a panel: a line of words in it


@dataclass(slots=True)
class StreamStyles:
    """The line styles of all streams of a figure.

    Received streams of the worst senders have colours of their own. Sent ones have one colour, and
    dashes of their own where each partner gets its own. `order` has the streams, the worst first.
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

    def of(self, channels: StreamChannels) -> LineStyle:
        """Colour, dashes and label of a stream's line."""
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
    """A stream's name without its kind, which has its own panel: `received from p001`."""
    return channels.name.removeprefix(f"{channels.stream.kind} ")


def worst_first(streams: Iterable[StreamChannels]) -> list[StreamChannels]:
    """Streams that ended or never came first, then extras, then the others in their order."""
    return sorted(streams, key=lambda each: (not each.ended, each.stream.owed))


def endings(streams: Sequence[StreamChannels]) -> str:
    """Lines such as `video from p002 ended 12 s into the hold`; empty where none ended."""
    lines = [
        f"{each.stream.media} {from_whom(each.stream) or each.name.split(' ', 1)[1]} {each.ended}"
        for each in streams
        if each.ended
    ]
    left = len(lines) - _LINES
    shown = [*lines[:_LINES], *([f"and {left} more"] if left > 0 else [])]
    return "\n".join(textwrap.fill(line, _LETTERS, subsequent_indent="  ") for line in shown)


def write_endings(axes: Axes, streams: Sequence[StreamChannels]) -> float:
    """Write `endings` at the top of the panel; returns the factor by which it must be higher."""
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
