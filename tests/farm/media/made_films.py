"""Films and sounds as people have them, made with PyAV.

A film has a colour in each of its four corners, and a middle that grows lighter with time.
"""

from __future__ import annotations

import itertools
import wave
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.stream import Disposition

from farm.errors import BadInput
from farm.media import Clip, check_clips, prepare
from farm.model.experiment import MediaSettings
from farm.model.setting import Size

Rgb = tuple[int, int, int]

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 180, 30), (30, 30, 200), (220, 220, 40)
UPRIGHT = (RED, GREEN, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right."""

DARKEST, LIGHTEST = 40, 220

SIZE = Size(320, 240)
RATE = 10
"""Of cameras that show films here."""


def picture(width: int, height: int, level: int) -> npt.NDArray[np.uint8]:
    pixels = np.empty((height, width, 3), np.uint8)
    half = (height // 2, width // 2)
    pixels[: half[0], : half[1]], pixels[: half[0], half[1] :] = RED, GREEN
    pixels[half[0] :, : half[1]], pixels[half[0] :, half[1] :] = BLUE, YELLOW
    pixels[height // 3 : height - height // 3, width // 3 : width - width // 3] = level
    return pixels


def film(
    path: Path,
    *,
    size: tuple[int, int] = (320, 240),
    rate: int = 10,
    seconds: float = 1.0,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    form: str | None = None,
    form_options: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    turned: tuple[float, bool, bool] | None = None,
    time: Callable[[int], int] = int,
    context: Mapping[str, Any] | None = None,
    convert: Mapping[str, Any] | None = None,
    draw: Callable[[int, int, int], npt.NDArray[np.uint8]] = picture,
) -> Path:
    """`turned`: degrees anticlockwise, then mirrored, then upside down, all by its display matrix.

    `time` says the timestamp of each picture, in pictures; `context` sets the encoder, `convert`
    says how pictures become `pixels`.
    """
    count = max(1, round(seconds * rate))
    with av.open(str(path), "w", format=form, options=dict(form_options or {})) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        for name, value in (context or {}).items():
            setattr(stream.codec_context, name, value)
        if turned:
            stream.set_display_rotation(turned[0], hflip=turned[1], vflip=turned[2])
        for index in range(count):
            level = DARKEST + (LIGHTEST - DARKEST) * index // count
            frame = av.VideoFrame.from_ndarray(draw(*size, level), format="rgb24")
            frame = frame.reformat(format=pixels, **(convert or {}))
            frame.pts, frame.time_base = time(index), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def still(path: Path, **settings: Any) -> Path:
    return film(path, seconds=0.1, form="image2", **settings)


def tone(
    path: Path,
    *,
    hertz: int = 440,
    seconds: float = 2.0,
    rate: int = 48_000,
    layout: str = "mono",
    codec: str = "aac",
    form: str = "adts",
    form_options: Mapping[str, str] | None = None,
) -> Path:
    """The same in all its channels, at a quarter of full scale."""
    wave_form = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate) / 4
    with av.open(str(path), "w", format=form, options=dict(form_options or {})) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        kind = stream.codec_context.format.name
        for at in range(0, len(wave_form), 1024):
            part = np.tile(wave_form[at : at + 1024], (stream.layout.nb_channels, 1))
            part = part if kind.endswith("p") else part.T.reshape(1, -1)
            full, dtype = {"f": (1, "f4"), "s": (2**31 - 1, "i4")}[kind[0]]
            if kind.startswith("s16"):
                full, dtype = 2**15 - 1, "i2"
            samples = (part * full).astype(dtype)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples), format=kind, layout=layout
            )
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def wav(path: Path, channels: npt.NDArray[np.float64], rate: int = 48_000) -> Path:
    """Of samples from -1 to 1, a row a channel."""
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, rate, 0, "NONE", ""))
        file.writeframes((channels.T * 32767).astype("<i2").tobytes())
    return path


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def with_cover(path: Path, sound: Path, cover: Path) -> Path:
    """A sound file with a picture for its cover."""
    with av.open(str(sound)) as source, av.open(str(path), "w") as container:
        sound = container.add_stream_from_template(source.streams.audio[0])
        shown = container.add_stream("mjpeg", rate=1)
        shown.width, shown.height, shown.pix_fmt = 320, 240, "yuvj420p"
        shown.disposition = Disposition.attached_pic
        packet = av.Packet(cover.read_bytes())
        packet.stream, packet.pts, packet.dts, packet.time_base = shown, 0, 0, Fraction(1)
        container.mux(packet)
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = sound
                container.mux(packet)
    return path


def titled(path: Path, title: bytes) -> Path:
    """A film with these bytes for its title, whatever they spell."""
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "T" * len(title)
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        frame = av.VideoFrame.from_ndarray(picture(320, 240, LIGHTEST), format="rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    path.write_bytes(path.read_bytes().replace(b"T" * len(title), title))
    return path


def played(source: Path, tmp_path: Path) -> Clip:
    """What the doctor accepts, as the run plays it."""
    media = MediaSettings(frame_rate=RATE, video=str(source), audio="none")
    check_clips(media, SIZE, tmp_path / "doctor")
    return prepare(media, SIZE, tmp_path / "run")


def refusal(source: Path, tmp_path: Path) -> str:
    """With which both refuse it."""
    media = MediaSettings(frame_rate=RATE, video=str(source), audio="none")
    said = []
    for look in (check_clips, prepare):
        with pytest.raises(BadInput) as refused:
            look(media, SIZE, tmp_path / "cache")
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert "\n" not in said[0]
    return said[0].removeprefix(f"media.video: {source}: ")


def rises(clip: Clip, count: int) -> bool:
    """Whether the first `count` pictures grow lighter one by one, and then begin anew."""
    seen = levels(clip)
    assert len(seen) == 10 * RATE
    return (
        all(b - a > 2 for a, b in itertools.pairwise(seen[:count]))
        and abs(seen[count] - DARKEST) <= 6
    )


def shown(clip: Clip) -> list[npt.NDArray[np.uint8]]:
    """The pictures that Chromium plays, as it takes their colours."""
    with av.open(str(clip.video)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def box(pixels: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of what is not black."""
    rows, columns = np.nonzero(pixels.sum(axis=2) > 60)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def corners(pixels: npt.NDArray[np.uint8]) -> tuple[Rgb, ...]:
    """Colours of the four corners of what is not black, in the order of `UPRIGHT`."""
    rows, columns = np.nonzero(pixels.sum(axis=2) > 60)
    inner = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = inner.shape[:2]
    near, far = (height // 8, width // 8), (height - 1 - height // 8, width - 1 - width // 8)
    found = (inner[y, x] for y in (near[0], far[0]) for x in (near[1], far[1]))
    return tuple((int(r), int(g), int(b)) for r, g, b in found)


def alike(found: tuple[Rgb, ...], expected: tuple[Rgb, ...], within: int = 12) -> bool:
    return bool(np.abs(np.subtract(found, expected)).max() <= within)


def levels(clip: Clip) -> list[int]:
    """How bright the middle of each frame is."""
    return [
        int(pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].mean()) for pixels in shown(clip)
    ]


def sound_of(clip: Clip) -> npt.NDArray[np.float64]:
    """The samples that Chromium plays, from -1 to 1."""
    assert clip.audio is not None
    with wave.open(str(clip.audio)) as file:
        assert file.getparams()[:3] == (1, 2, 48_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767


def pitch(samples: npt.NDArray[np.float64]) -> float:
    """In hertz, of samples at 48 kHz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 48_000 / len(samples))


def loudness(samples: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2)))
