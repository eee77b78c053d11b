import math

import pytest

from farm.model.wording import counted, one_line, percent, short_look


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.9, "90 %"),
        (0.172, "17.2 %"),
        (0.0004, "0.04 %"),
        (0, "0 %"),
        (1, "100 %"),
        (9.997, "1,000 %"),
        (12.34, "1,234 %"),
        (1e-9, "less than 0.0001 %"),
        (None, "unknown"),
        (math.nan, "unknown"),
    ],
)
def test_a_share_in_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_one_call_but_two_calls() -> None:
    assert [counted(number, "call") for number in (0, 1, 2)] == ["0 calls", "1 call", "2 calls"]
    assert counted(10_000, "call") == "10,000 calls"


def test_a_hold_of_two_windows_is_a_short_look() -> None:
    assert short_look(1) == ", a short look of 1 window"
    assert short_look(2) == ", a short look of 2 windows"
    assert [short_look(windows) for windows in (3, 24, 0, None)] == ["", "", "", ""]


def test_a_line_stays_a_line() -> None:
    assert one_line("a\nb\x1b[2Jc\u2028d \ud800é") == "a b [2Jc d  é"
