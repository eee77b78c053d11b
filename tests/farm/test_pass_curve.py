from farm.pass_curve import capacity_interval


def interval(*passed: tuple[int, bool], confidence: float = 0.9) -> tuple[float, float]:
    return capacity_interval(passed, minimum=2, maximum=60, reliability=0.9, confidence=confidence)


EDGE = ((2, True), (4, True), (8, True), (16, True), (32, False), (24, False), (20, False))


def test_the_interval_lies_about_the_edge() -> None:
    low, high = interval(*EDGE)
    assert 4 < low < 16 < high < 24


def test_more_trials_narrow_it() -> None:
    low, high = interval(*EDGE)
    more = interval(*EDGE, *[(18, True)] * 6, *[(20, False)] * 4)
    assert low < more[0] < 20
    assert more[1] - more[0] < high - low


def test_more_confidence_widens_it() -> None:
    low, high = interval(*EDGE)
    wide = interval(*EDGE, confidence=0.99)
    assert wide[0] < low
    assert wide[1] > high


def test_without_a_fail_it_reaches_beyond_what_was_tried() -> None:
    assert interval((2, True), (4, True), (8, True))[1] > 60


def test_far_loads_do_not_overflow() -> None:
    low, high = capacity_interval(
        [(1, True), (100_000, False)], minimum=1, maximum=100_000, reliability=0.9, confidence=0.9
    )
    assert 0 <= low < high
