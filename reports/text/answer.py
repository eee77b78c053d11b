"""The answer of a run as a value, and the sentences that trials and searches share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.model.trial_result import TrialResult

Status = Literal["pass", "fail", "invalid", "open"]
"""The look of an answer on the page; `open` is neither good nor bad."""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The answer of a run or trial in words.

    `label` is a word or two, `headline` one sentence, `reasons` say why. `points` are further
    observations, `next_steps` what a user may do now.
    """

    status: Status
    label: str
    headline: str
    reasons: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def machines(result: TrialResult, *, shared: bool) -> str:
    """CPU used by server and generator, a sentence; `shared`: they ran on one machine."""
    process = (
        ""
        if result.server_process_cpu_percent is None
        else f"the media server {result.server_process_cpu_percent:.0f} % of one core"
    )
    if shared:
        also = f", {process}" if process else ""
        return f"Server and generator shared a machine: it used {_cpu(result)}{also}."
    if result.server_cpu_percent is None:
        server = "The server's CPU is unknown"
    else:
        server = f"The server's machine used {_cpu(result)}" + (f" ({process})" if process else "")
    generator = (
        "the generator's is unknown"
        if result.host_cpu_percent is None
        else f"the generator {result.host_cpu_percent:.0f} %"
    )
    return f"{server}, {generator}."


def _cpu(result: TrialResult) -> str:
    if result.server_cpu_percent is None:
        return "an unknown share of its CPU"
    return f"{result.server_cpu_percent:.0f} % of its CPU"


def sentence(text: str) -> str:
    """`text` with a full stop; its first letter stays, for it may begin a probe's name."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
