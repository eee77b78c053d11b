"""The findings of `farm doctor`, and how they are printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

from farm.errors import BadInput
from farm.model.wording import one_line


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a run needs; `found` is `None` where it is missing, `needed_for` says why.

    `setup` is its name for infra/machine_setup.sh, where that script can install it.
    """

    what: str
    found: str | None
    needed_for: str = ""
    required: bool = True
    setup: str | None = None

    @property
    def line(self) -> str:
        """The finding as a line for the terminal."""
        mark = "ok     " if self.found else ("MISSING" if self.required else "lacks  ")
        return one_line(f"{mark} {self.what}: {self.found or self.needed_for}")


def looked_up(
    what: str, look: Callable[[], str], *, required: bool = True, setup: str | None = None
) -> Check:
    """A check with the result of `look`, or with the message of its BadInput."""
    try:
        return Check(what, look())
    except BadInput as error:
        return Check(what, None, str(error), required=required, setup=setup)


def each_once(findings: Iterable[Check]) -> list[Check]:
    """The findings without those of a fault that an earlier one has told in the same words.

    The earlier one is required if any of them is, and has what installs it.
    """
    kept: list[Check] = []
    places: dict[str, int] = {}
    for finding in findings:
        at = len(kept) if finding.found is not None else places.get(finding.needed_for, len(kept))
        if at == len(kept):
            kept.append(finding)
            if finding.found is None:
                places[finding.needed_for] = at
            continue
        first = kept[at]
        required, setup = first.required or finding.required, first.setup or finding.setup
        kept[at] = replace(first, required=required, setup=setup)
    return kept


def show(findings: Sequence[Check], *, as_json: bool, next_step: str) -> int:
    """Print the findings; returns 0 when nothing required is missing, else 2."""
    missing = [finding for finding in findings if finding.found is None]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(finding.line)
        print("", *_conclusion(missing, next_step), sep="\n")
    return 2 if any(finding.required for finding in missing) else 0


def _conclusion(missing: Sequence[Check], next_step: str) -> Iterator[str]:
    """Whether a run can start, without what, and what installs the rest."""
    required = [finding.what for finding in missing if finding.required]
    lacking = [finding.what for finding in missing if not finding.required]
    without = f"; what it then goes without, or leaves unknown: {', '.join(lacking)}"
    if required:
        yield f"No run can start: missing {', '.join(required)}."
    elif lacking:
        yield f"A run can start: {next_step}{without}."
    else:
        yield f"Nothing is missing. Try: {next_step}"
    tools = [finding.setup for finding in missing if finding.setup]
    if tools:
        yield f"This installs it:  sh {_setup_script()} {' '.join(tools)}"


def _setup_script() -> Path:
    with as_file(files("infra") / "machine_setup.sh") as script:
        return script
