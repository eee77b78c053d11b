"""A matrix in words: a line for each experiment and for each difference. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from farm.model.wording import counted, percent


def matrix_lines(summary: Mapping[str, Any]) -> list[str]:
    """The lines that the terminal shows at the end of a matrix."""
    cells: Sequence[Mapping[str, Any]] = summary["matrix"]
    width = max(len(_values(cell)) for cell in cells)
    lines = [f"{_values(cell):{width}}  {_holds(cell)}" for cell in cells]
    differences: Sequence[Mapping[str, Any]] = summary["differences"]
    real = [each for each in differences if each["real"]]
    lines += [difference_text(each) for each in real]
    further = "further " if real else ""
    unknown = Counter(each["unknown"] for each in differences if each["unknown"])
    open_ones = len(differences) - len(real) - unknown.total()
    if open_ones:
        lines.append(
            f"Of {counted(open_ones, f'{further}difference')} it is not known that "
            f"{'it is' if open_ones == 1 else 'they are'} real: more trials may show it."
        )
    lines += [
        f"{counted(count, f'{further}difference')} cannot be told: {why}."
        for why, count in unknown.items()
    ]
    return lines


def difference_text(difference: Mapping[str, Any]) -> str:
    """`media.size: 640x480 holds 40 % less than 320x240 (between 25 % and 52 %; version 7.3)`."""
    a, b, lower = difference["value_a"], difference["value_b"], difference["probability_lower"]
    of = ", ".join(f"{axis} {value}" for axis, value in difference["of"].items())
    where = f"; {of}" if of else ""
    if lower is None or difference["unknown"]:
        return f"{difference['axis']}: {b} against {a}{where}: not known: {difference['unknown']}"
    word = "less" if lower >= 0.5 else "more"
    sure = _probability(max(lower, 1 - lower))
    if not difference["real"]:
        return (
            f"{difference['axis']}: {b} against {a}{where}: not shown to differ ({word} with "
            f"{sure} probability)"
        )
    if difference["ratio"] is None:
        return f"{difference['axis']}: {b} holds {word} than {a} ({sure} probable{where})"
    low, high = difference["ratio_interval"]
    return (
        f"{difference['axis']}: {b} holds {percent(difference['ratio'])} of what {a} does "
        f"(between {percent(low)} and {percent(high)}{where})"
    )


def _probability(share: float) -> str:
    """A probability in percent; what is not certain is never called 100 %."""
    return "over 99.9 %" if share > 0.999 else percent(share)


def _values(cell: Mapping[str, Any]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in cell["values"].items())


def _holds(cell: Mapping[str, Any]) -> str:
    if cell["trouble"] is not None:
        return f"not measured: {cell['trouble']}"
    if cell["probes"] is None:
        what = "no capacity" if cell["state"] == "floor_failed" else "capacity unknown"
        return f"{what} ({cell['state']})"
    low, high = cell["interval_probes"]
    units = cell["viewers"] if cell["viewers"] is not None else cell["sessions"]
    noun = "viewer" if cell["viewers"] is not None else "session"
    between = f"{'?' if low is None else low} to {'?' if high is None else high}"
    load = f"{counted(cell['probes'], 'probe')} ({counted(units, noun)})"
    return f"{load}, {between} ({cell['state']})"
