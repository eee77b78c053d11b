"""Figure of a session's pipeline as the media server built it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from reports.figures.canvas import BLUE, GREY, VERMILLION, headline
from reports.series.pipeline import Arrow, Box, Drawing

_COLUMN_WIDTH, _ROW_HEIGHT = 3.4, 1.3
_INCHES = 0.72
_BOW = 0.14


def pipeline_as_built(drawing: Drawing) -> Figure:
    """Draw elements as boxes and media as arrows; transcoded media are marked."""
    columns = sorted({box.column for box in drawing.boxes})
    rows = max((box.row for box in drawing.boxes), default=0) + 1
    wide, high = (len(columns) - 1) * _COLUMN_WIDTH + 4.2, (rows - 1) * _ROW_HEIGHT + 1.4
    figure = Figure(figsize=(max(7.0, wide * _INCHES), high * _INCHES + 0.7))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_aspect("equal")
    places = [_place(box, columns, drawing) for box in drawing.boxes]
    texts = [
        axes.text(
            *place,
            box.label,
            ha="center",
            va="center",
            fontsize=9,
            color="black",
            bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": GREY},
        )
        for box, place in zip(drawing.boxes, places, strict=True)
    ]
    axes.set_xlim(-2.1, wide - 2.1)
    axes.set_ylim(0.7 - high, 0.7)
    for arrow in drawing.arrows:
        _draw(axes, arrow, places, texts)
    headline(figure, "A session's pipeline, as the media server built it")
    return figure


def _draw(axes: Axes, arrow: Arrow, places: list[tuple[float, float]], texts: list[Text]) -> None:
    """Draw an arrow from box to box, its label on the side to which it bends."""
    start, end = places[arrow.source], places[arrow.sink]
    bow = _BOW if arrow.kinds else 0.0
    if arrow.source != arrow.sink:
        axes.annotate(
            "",
            end,
            start,
            arrowprops={
                "arrowstyle": "-|>" if arrow.kinds else "-",
                "connectionstyle": f"arc3,rad={bow}",
                "patchA": texts[arrow.source].get_bbox_patch(),
                "patchB": texts[arrow.sink].get_bbox_patch(),
                "shrinkA": 2,
                "shrinkB": 2,
                "linewidth": 1.5,
                "color": _color(arrow),
            },
        )
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    upright = along_x == 0
    side = 1.0 if along_y > 0 else -1.0
    axes.annotate(
        _label(arrow),
        (
            (start[0] + end[0]) / 2 + bow / 2 * along_y,
            (start[1] + end[1]) / 2 - bow / 2 * along_x,
        ),
        (6 * side, 0) if upright else (0, -7 if along_x > 0 else 7),
        textcoords="offset points",
        ha=("left" if side > 0 else "right") if upright else "center",
        va="center",
        fontsize=8,
        color=_color(arrow),
    )


def _place(box: Box, columns: list[int], drawing: Drawing) -> tuple[float, float]:
    """The position of a box: columns side by side, shorter ones centred."""
    tallest = max(each.row for each in drawing.boxes)
    own = max(each.row for each in drawing.boxes if each.column == box.column)
    row = box.row + (tallest - own) / 2
    return columns.index(box.column) * _COLUMN_WIDTH, -row * _ROW_HEIGHT


def _color(arrow: Arrow) -> str:
    if not arrow.kinds:
        return GREY
    return VERMILLION if arrow.transcoded else BLUE


def _label(arrow: Arrow) -> str:
    return ", ".join(
        f"{kind} (transcoded)" if kind in arrow.transcoded else kind for kind in arrow.kinds
    )
