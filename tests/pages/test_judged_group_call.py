"""The tutorial group-call, its cameras at 15 frames/s, as `farm run` judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.group_call_pages import group_call
from tests.pages.judged import judged, named
from tests.pages.serving import switched

pytestmark = [pytest.mark.live, pytest.mark.alone]


@pytest.mark.parametrize(
    "switches",
    [{}, {"withhold": "p001>p000:video"}, {"stop": "p002>p001:audio@10"}],
    ids=str,
)
def test_whom_the_server_withholds_a_stream_from_is_named(
    tmp_path: Path, switches: dict[str, str]
) -> None:
    with group_call() as call:
        verdict = judged(
            tmp_path,
            switched(call.app_url, **switches),
            "kurento_group_call",
            scenario="",
            server=f'{{kurento: "{call.kurento_url}"}}',
            frame_rate=20,
        )
    wrong = {
        "withhold": ("p000", "inbound video", "p001"),
        "stop": ("p001", "inbound audio", "p002"),
    }
    expected = {wrong[name] for name in switches}
    assert named(verdict) >= expected, verdict
    assert verdict["outcome"] == ("fail" if switches else "pass"), verdict
