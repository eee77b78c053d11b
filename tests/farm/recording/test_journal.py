"""What a journal tells of time: a run's clock begins anew whenever it is taken up again."""

from __future__ import annotations

from farm.recording.journal import JournalEntry, spent_s, trial_times_s

WALL_S = 1_795_000_000.0


def entries(*told: tuple[str, float, int | None]) -> list[JournalEntry]:
    """(kind, run time, index); sessions an hour apart."""
    found, session = [], 0
    for kind, at_s, index in told:
        session += kind == "resumed"
        facts = {} if index is None else {"index": index}
        found.append(JournalEntry(kind, at_s, WALL_S + 3600 * session + at_s, facts))
    return found


def test_the_pauses_between_sessions_are_not_spent() -> None:
    assert spent_s([]) == 0
    told = entries(("trial_started", 5, 0), ("trial_ended", 70, 0))
    assert spent_s(told) == 70
    told += entries(("resumed", 0, None), ("trial_ended", 60, 1), ("resumed", 1, None))
    assert spent_s(told) == 131


def test_a_trial_began_when_it_was_last_begun() -> None:
    told = entries(
        ("trial_started", 5, 0),
        ("trial_started", 80, 1),
        ("resumed", 0, None),
        ("trial_started", 7, 1),
        ("note", 8, None),
    )
    assert trial_times_s(told) == {0: WALL_S + 5, 1: WALL_S + 3607}
    told = [*told, JournalEntry("trial_started", 90, 1e17, {"index": 2})]
    assert 2 not in trial_times_s(told)
