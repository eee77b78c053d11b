"""Messages of the server's own, of which only what came of them is known. Pure.

It owes at least one in each two windows. One that is sent once in two windows may be counted up to
`UNDER_WAY_S` later than the one before was, so that two whole windows are without any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.model.data_channels import UNDER_WAY_S, DataInterval
from farm.model.session_roles import SERVER
from farm.model.trial_plan import ProbePlan
from farm.verdict.sent_messages import are_few

OWED_WINDOWS = 2
"""In so many windows in a row the server owes at least one message."""

STEADY_S = 2 * UNDER_WAY_S
"""A server that is never silent for longer is taken to send all the time: one window shows that it
stopped."""


def askers(probe: ProbePlan) -> Sequence[str]:
    """Whose messages say when a probe is owed any: its senders', and its own that a server answers.

    To a page that sends none the server owes some in all windows.
    """
    is_answered = SERVER in probe.receives_data and probe.sends_data
    return [*others_than_server(probe), *([probe.probe] if is_answered else [])]


def others_than_server(probe: ProbePlan) -> Sequence[str]:
    """The probes whose messages it is owed."""
    return [each for each in probe.receives_data if each != SERVER]


def may_be_between_messages(windows: Mapping[int, DataInterval], silent: Sequence[int]) -> bool:
    """Whether the windows `silent` may be without a message of a server that sends what it owes.

    That is only where few come, or where it was silent for longer than `STEADY_S` before.
    """
    seen = {at: each for at, each in windows.items() if each.polls}
    last, after = seen.get(silent[-1]), seen.get(silent[-1] + 1)
    if last is None or last.silent_at_end_s is None:
        return silent[-1] + 1 < OWED_WINDOWS
    ended_s = 0.0 if after is None else after.silence_s or 0.0
    if max(last.silent_at_end_s, ended_s) >= (
        OWED_WINDOWS * (last.end_s - last.start_s) + UNDER_WAY_S
    ):
        return False
    earlier = (each.silence_s or 0.0 for at, each in seen.items() if at < silent[0])
    return max(earlier, default=0.0) > STEADY_S or all(
        are_few(each.messages_received, each) for each in seen.values()
    )
