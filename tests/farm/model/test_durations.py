import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.durations import format_duration, parse_duration_s, parse_size
from farm.model.setting import Size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("4m", 240), ("3h", 10800), ("1.5h", 5400), ("0s", 0)],
)
def test_durations_are_numbers_with_a_unit(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["4 minutes", "30", "-3s", "s", "1e3s", "", "4M", "4m\n"])
def test_what_is_no_duration_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 30s, 4m or 3h"):
        parse_duration_s(text)


@pytest.mark.parametrize("text", ["87601h", "9" * 5000 + "s"])
def test_no_duration_is_longer_than_ten_years(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text[:20]}.*: expected 87600h or less$"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(240, "4m"), (90, "90s"), (10800, "3h"), (0.5, "500ms"), (0, "0s")]
)
def test_a_duration_is_written_as_a_person_would(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.one_of(st.integers(0, 10**6), st.floats(0.001, 1e5)))
def test_what_is_written_reads_back(seconds: float) -> None:
    assert parse_duration_s(format_duration(seconds)) == seconds


def test_a_size_is_width_x_height() -> None:
    assert parse_size("640x480") == Size(640, 480)
    with pytest.raises(ValueError, match="640 x 480: expected a size such as 640x480"):
        parse_size("640 x 480")
