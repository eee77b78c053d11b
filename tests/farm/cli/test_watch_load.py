"""Whose answer `farm watch` takes for its load."""

from __future__ import annotations

from farm.cli.watch import _measured
from farm.experiment_file import parse_experiment


def test_an_answer_is_of_the_same_page_in_front_of_the_same_server() -> None:
    demo, whip, janus, hold = (
        _measured(parse_experiment(f"scenario: broadcast\n{text}\n", "e.yaml"))
        for text in (
            "app: {run: demo}",
            "app: {run: whip}",
            "server: {janus: here}",
            "trial: {hold: 5m}",
        )
    )
    assert len({demo, whip, janus}) == 3
    assert hold == demo
