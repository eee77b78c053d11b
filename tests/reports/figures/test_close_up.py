"""The close-up of a session in which not everybody sends everything, or more than is owed."""

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


def test_of_a_member_that_sends_audio_alone_its_loss_is_shown() -> None:
    close = made_close_up()
    lossy = close.channels[1]
    voices = tuple(
        each
        for each in lossy.streams
        if each.stream.direction == "outbound" or each.stream.kind == "audio"
    )
    figure = session_close_up(replace(close, channels=(replace(lossy, streams=voices),)))
    labels = {line.get_label() for axes in figure.axes for line in axes.lines}
    assert "audio received from p002" in labels
