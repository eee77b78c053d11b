from farm.analysis.aggregates import known, mean_known, median_known


def test_what_is_unknown_does_not_count() -> None:
    assert known([1.0, None, 0.0]) == [1.0, 0.0]
    assert mean_known([1.0, None, 0.0]) == 0.5
    assert median_known([1.0, None, 0.0, 9.0]) == 1.0


def test_of_nothing_known_nothing_is_made() -> None:
    assert known([None]) == []
    assert mean_known([None]) is None
    assert median_known([]) is None
