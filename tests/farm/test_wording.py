import pytest

from farm.wording import counted, percent


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.9, "90 %"), (0.172, "17.2 %"), (0.0004, "0.04 %"), (0, "0 %"), (1, "100 %")],
)
def test_a_share_in_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_one_call_but_two_calls() -> None:
    assert [counted(number, "call") for number in (0, 1, 2)] == ["0 calls", "1 call", "2 calls"]
