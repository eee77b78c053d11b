"""A user's media file, read by PyAV: the track that a player would play, and its frames.

Read as a player reads it: what does not decode is left out, and a truncated file ends early.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av
from av.stream import Disposition

from farm.errors import BadInput

AVERROR_INVALIDDATA = 1094995529
GIVE_UP_AFTER = 1000
"""After so many packets in a row that do not decode the rest is given up."""

_LISTS = frozenset({"concat", "dash", "hls", "imf", "sdp"})
_BARE_SAMPLES = frozenset({"alaw", "mulaw", "sln", "vidc"}) | frozenset(
    f"{sign}{bits}{order}"
    for sign, widths in (("s", (8, 16, 24, 32)), ("u", (8, 16, 24, 32)), ("f", (32, 64)))
    for bits in widths
    for order in (("",) if bits == 8 else ("le", "be"))
)
"""FFmpeg's names of formats without a header, whose files do not state a rate."""

_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails

_Track = TypeVar("_Track", av.VideoStream, av.AudioStream)
_Frame = TypeVar("_Frame", av.VideoFrame, av.AudioFrame)


@contextmanager
def opened(setting: str, path: Path) -> Iterator[av.container.InputContainer]:
    """Open the file; PyAV's errors, now or while it is read, become BadInput."""
    try:
        # With the protocol in front no name is taken for an address or a pattern.
        with av.open(
            f"file:{path}",
            options={"protocol_whitelist": "file", "pattern_type": "none"},
            metadata_errors="replace",
        ) as container:
            names = set(container.format.name.split(","))
            if names & _LISTS:
                raise BadInput(f"{setting}: {path}: a list of other files: name the clip itself")
            if names & _BARE_SAMPLES:
                raise BadInput(
                    f"{setting}: {path}: samples without a header, which says their rate: "
                    "expected a WAV file of them, or another that has one"
                )
            yield container
    except av.FFmpegError as error:
        raise BadInput(
            f"{setting}: {path}: not a clip that PyAV reads: {error.strerror}"
        ) from error


def video_of(container: av.container.InputContainer, setting: str, path: Path) -> av.VideoStream:
    """The video track that a player shows; a cover picture does not count. Raises BadInput."""
    videos = [each for each in container.streams.video if not each.disposition & _NO_VIDEO]
    if not videos and container.streams.video:
        raise BadInput(f"{setting}: {path}: no video in it, only a cover picture")
    if not videos:
        raise BadInput(f"{setting}: {path}: no video in it")
    return _default_track(videos)


def audio_of(container: av.container.InputContainer, setting: str, path: Path) -> av.AudioStream:
    """The audio track that a player plays. Raises BadInput."""
    if not container.streams.audio:
        raise BadInput(f"{setting}: {path}: no sound in it")
    return _default_track(list(container.streams.audio))


def _default_track(tracks: list[_Track]) -> _Track:
    """Of the tracks with a decoder the first that the file marks as default, else the first."""
    meant = min(
        tracks,
        key=lambda each: (
            each.codec_context is None,
            not each.disposition & Disposition.default,
            each.index,
        ),
    )
    if meant.codec_context is None:
        raise av.DecoderNotFoundError(0, "Decoder not found")
    return meant


def decoded(
    container: av.container.InputContainer,
    track: av.VideoStream | av.AudioStream,
    kind: type[_Frame],
) -> Iterator[_Frame]:
    """The frames that can be decoded, in order. Raises FFmpegError if there are none."""
    trouble: av.FFmpegError | None = None
    any_decoded, failed = False, 0
    packets = container.demux(track)
    while failed < GIVE_UP_AFTER:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            trouble = trouble or error
            break
        except IndexError:  # PyAV at the end of a file in which a track began late
            break
        if packet is None:
            break
        if packet.has_sidedata("encryption_info"):  # some of it would decode, to noise
            raise av.InvalidDataError(AVERROR_INVALIDDATA, "it is encrypted")
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            trouble, failed = trouble or error, failed + 1
            continue
        for frame in frames:
            if isinstance(frame, kind):
                any_decoded, failed = True, 0
                yield frame
    if not any_decoded and trouble is not None:
        raise trouble
