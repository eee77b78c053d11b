"""A session in detail, with streams that nobody owes."""

from __future__ import annotations

from dataclasses import replace

from reports.figures.close_up import session_close_up
from tests.reports.made_channels import made_close_up


def test_an_audio_beyond_what_is_owed_is_drawn_beside_the_videos() -> None:
    close = made_close_up()
    first = close.channels[0]
    audio = next(each for each in first.streams if each.name.startswith("audio received"))
    extra = replace(
        audio,
        stream=replace(audio.stream, track=1, owed=False),
        name=f"{audio.name}, extra",
        lost=audio.lost + 0.5,
    )
    channels = replace(first, streams=(*first.streams, extra))
    figure = session_close_up(replace(close, channels=(channels, *close.channels[1:])))
    (legend,) = figure.legends
    assert "audio received from p003, extra" in {text.get_text() for text in legend.get_texts()}
