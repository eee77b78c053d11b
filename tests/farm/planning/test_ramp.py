from hypothesis import given
from hypothesis import strategies as st

from farm.planning.roles import start_times_s


def test_two_sessions_a_second_start_half_a_second_apart() -> None:
    assert start_times_s(4, per_second=2) == (0.0, 0.5, 1.0, 1.5)


def test_no_session_no_start() -> None:
    assert start_times_s(0, per_second=1) == ()


@given(count=st.integers(1, 500), per_second=st.floats(0.01, 100))
def test_the_ramp_is_as_long_as_its_pace_says(count: int, per_second: float) -> None:
    starts = start_times_s(count, per_second)
    assert starts[0] == 0
    assert starts[-1] * per_second == (count - 1) or abs(starts[-1] * per_second - count + 1) < 1e-6
    assert list(starts) == sorted(starts)
