"""Back near the first start, or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.server_samples import Footprint
from farm.server.footprint import differences

FIRST = Footprint(
    cpu_percent=2.0, process_rss_bytes=26_000_000, process_threads=30, process_descriptors=100
)


def test_the_same_and_less_are_fresh() -> None:
    assert differences(FIRST, FIRST, 0.2) == ()
    assert differences(Footprint(0.0, 1, 1, 1), FIRST, 0.2) == ()


def test_small_figures_have_slack_and_large_ones_a_share() -> None:
    assert differences(Footprint(7.0, 34_000_000, 36, 120), FIRST, 0.2) == ()
    big = replace(FIRST, process_rss_bytes=1_000_000_000)
    assert differences(replace(big, process_rss_bytes=1_190_000_000), big, 0.2) == ()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("cpu_percent", 7.5, "CPU 7.5 %, 2 % at the first start"),
        ("process_rss_bytes", 360_000_000, "memory 360 MB, 26 MB at the first start"),
        ("process_threads", 37, "threads 37, 30 at the first start"),
        ("process_descriptors", 121, "descriptors 121, 100 at the first start"),
    ],
)
def test_what_is_above_is_named(field: str, value: float, text: str) -> None:
    assert differences(replace(FIRST, **{field: value}), FIRST, 0.2) == (text,)


def test_what_was_never_known_is_not_missed_but_what_was_is() -> None:
    unknown = Footprint(None, None, None, None)
    assert differences(FIRST, unknown, 0.2) == ()
    assert differences(replace(FIRST, process_threads=None), FIRST, 0.2) == (
        "threads unknown, 30 at the first start",
    )
