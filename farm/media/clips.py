"""A clip: what a probe's camera shows and its microphone hears, as files that Chromium plays.

Every clip is a loop of ten seconds, the length of a window: whatever a codec makes of the content
is then the same in each window and cancels. The video is Y4M for
`--use-file-for-fake-video-capture`, the sound WAV for `--use-file-for-fake-audio-capture`.

Y4M and not MJPEG, which Chromium also reads: capturing 640x480 at 20 frames a second cost Chromium
156 1.4 % of a core from Y4M and 4.4 % from MJPEG, whose pictures it has to decode. The price is
page cache, 92 MB instead of 10, once for all the probes of a browser.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.resources
import json
import os
import tempfile
import wave
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import av
import numpy as np
from av.video.reformatter import ColorRange

from farm.errors import BadInput, MissingTool, NoSpace
from farm.experiment import Media, Size
from farm.media.camera import Planes, camera_frames
from farm.media.frame_number import IDENTITIES
from farm.media.speech import SAMPLE_RATE, Samples, speech

LOOP_S = 10.0
SMALLEST = 64

_DRAWN_BY = ("camera.py", "clips.py", "frame_number.py", "speech.py")


@dataclass(frozen=True, slots=True)
class Clip:
    """Files to be played in a loop; `audio` is `None` for silence.

    `light_banks` are its prepared frames (`light_bank.py`) by codec, for light probes.
    """

    video: Path
    audio: Path | None
    size: Size
    frame_rate: int
    duration_s: float
    light_banks: Mapping[str, Path] = field(default_factory=dict)


def prepare(media: Media, size: Size, cache: Path, identity: int = 0) -> Clip:
    """The clip of `media` at `size`, made now or found in the directory `cache`.

    `media.size` is not looked at: the caller has settled which size it is. `identity` (0 to 15) is
    what the drawn camera's frame-number block says. A file is scaled to fit, with black bars where
    its shape differs, and brought to `media.frame_rate`; its first ten seconds are used, a shorter
    one is repeated up to ten. Files appear under their final names only when complete, so that
    many processes may prepare at once.

    Raises BadInput or MissingTool naming the setting, NoSpace when the disk is full.
    """
    _check(size, identity)
    shown = {"size": str(size), "frame_rate": media.frame_rate}
    frames: Callable[[], Iterable[Planes]]
    if media.video == "camera":
        key = _key(kind="camera", identity=identity, **shown)
        frames = partial(camera_frames, size, media.frame_rate, LOOP_S, identity)
    else:
        source = _existing("media.video", media.video)
        key = _key(kind="file", content=_content(source), **shown)
        frames = partial(_file_frames, source, size, media.frame_rate)
    video = made_once(
        cache / f"video-{size}@{media.frame_rate}-{key}.y4m",
        lambda out: _write_y4m(out, frames(), size, media.frame_rate),
    )
    return Clip(video, _prepare_audio(media.audio, cache), size, media.frame_rate, LOOP_S)


def check_clips(media: Media, size: Size, cache: Path) -> None:
    """What `prepare` would refuse, as far as a look at the beginning of the files tells."""
    _check(size, 0)
    _make(cache)
    if media.video != "camera":
        source = _existing("media.video", media.video)
        if next(_decoded_video(source), None) is None:
            raise BadInput(f"media.video: {source}: no picture in it")
    if media.audio not in ("speech", "none"):
        source = _existing("media.audio", media.audio)
        with _opened("media.audio", source) as container:
            _sound_of(container, source)


def _prepare_audio(audio: str, cache: Path) -> Path | None:
    if audio == "none":
        return None
    samples: Callable[[], Samples]
    if audio == "speech":
        key = _key(kind="speech")
        samples = partial(speech, LOOP_S)
    else:
        source = _existing("media.audio", audio)
        key = _key(kind="file", content=_content(source))
        samples = partial(_file_samples, source)
    return made_once(cache / f"audio-{key}.wav", lambda out: _write_wav(out, samples()))


def _check(size: Size, identity: int) -> None:
    for pixels in (size.width, size.height):
        if pixels % 2 or pixels < SMALLEST:
            raise BadInput(
                f"media.size: {size}: width and height must be even and at least {SMALLEST}"
            )
    if not 0 <= identity < IDENTITIES:
        raise BadInput(f"clip identity {identity}: must be 0 to {IDENTITIES - 1}")


def _existing(setting: str, name: str) -> Path:
    path = Path(name).expanduser()
    if not path.exists():
        raise MissingTool(f"{setting}: {name}: there is no such file")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise BadInput(f"{setting}: {name}: not a file that can be read")
    return path


# ---------------------------------------------------------------- the cache


def _key(**settings: object) -> str:
    """What a file is made of: its settings and the code that makes it."""
    drawn_by = code_of(*_DRAWN_BY)
    digest = hashlib.sha256(json.dumps({**settings, "code": drawn_by}, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def code_of(*names: str) -> str:
    """What stands for the code in these files of this folder: another text, another word."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(importlib.resources.files("farm.media").joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_once(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """The file, written now unless it is there; it appears when it is complete."""
    if path.exists():
        return path
    _make(path.parent)
    try:
        with _renamed_when_complete(path) as out:
            write(out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"no space for clips in {path.parent}") from error
        raise BadInput(f"clips cannot be written to {path.parent}: {error.strerror}") from error
    return path


def _make(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"clips cannot be written to {cache}: {error.strerror}") from error
    if not os.access(cache, os.W_OK | os.X_OK):
        raise BadInput(f"clips cannot be written to {cache}: no permission")


@contextmanager
def _renamed_when_complete(path: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        part = Path(out.name)
        try:
            yield out
            out.flush()
            part.chmod(0o644)
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


# ---------------------------------------------------------------- what Chromium reads


def _write_y4m(out: IO[bytes], frames: Iterable[Planes], size: Size, frame_rate: int) -> None:
    out.write(f"YUV4MPEG2 W{size.width} H{size.height} F{frame_rate}:1 Ip A1:1 C420\n".encode())
    for planes in frames:
        out.write(b"FRAME\n")
        for plane in planes:
            out.write(plane.tobytes())


def _write_wav(out: IO[bytes], samples: Samples) -> None:
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


# ---------------------------------------------------------------- files of the user


def _file_frames(path: Path, size: Size, frame_rate: int) -> Iterator[Planes]:
    """Ten seconds of the file's pictures: at each tick the last picture that has begun."""
    wanted = round(LOOP_S * frame_rate)
    kept: list[Planes] = []
    last: Planes | None = None
    begun_s = step_s = 0.0

    def show_until(end_s: float) -> None:
        while last is not None and len(kept) < wanted and len(kept) / frame_rate < end_s - 1e-6:
            kept.append(last)

    for at_s, shape, frame in _decoded_video(path):
        show_until(at_s)
        if len(kept) == wanted:
            break
        last, step_s, begun_s = _letterboxed(frame, shape, size), at_s - begun_s, at_s
    if last is None:
        raise BadInput(f"media.video: {path}: no picture in it")
    # The last picture stays as long as the one before it; a lone one needs a tick to be seen.
    show_until(begun_s + (step_s or 1 / frame_rate))
    for number in range(wanted):
        yield kept[number % len(kept)]


def _decoded_video(path: Path) -> Iterator[tuple[float, float, av.VideoFrame]]:
    """Pictures with their time since the first, in seconds, and their width / height as shown."""
    with _opened("media.video", path) as container:
        if not container.streams.video:
            raise BadInput(f"media.video: {path}: no video in it")
        first: float | None = None
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            if frame.time is None:
                continue
            first = frame.time if first is None else first
            shape = frame.width / frame.height * float(stream.sample_aspect_ratio or 1)
            yield frame.time - first, shape, frame


def _letterboxed(frame: av.VideoFrame, shape: float, size: Size) -> Planes:
    """The whole picture at the largest size that fits, in the middle of black."""
    width = max(2, min(size.width, round(size.height * shape / 2) * 2))
    height = max(2, min(size.height, round(size.width / shape / 2) * 2))
    inner = frame.reformat(width, height, "yuv420p", dst_color_range=ColorRange.MPEG, threads=1)
    left, top = (size.width - width) // 4 * 2, (size.height - height) // 4 * 2
    planes = []
    for index, (black, halved) in enumerate(((16, 1), (128, 2), (128, 2))):
        plane = np.full((size.height // halved, size.width // halved), black, np.uint8)
        y, x = top // halved, left // halved
        source = inner.planes[index]
        rows = np.frombuffer(bytes(source), np.uint8).reshape(-1, source.line_size)
        rows = rows[: height // halved, : width // halved]
        plane[y : y + height // halved, x : x + width // halved] = rows
        planes.append(plane)
    return planes[0], planes[1], planes[2]


def _file_samples(path: Path) -> Samples:
    wanted = round(LOOP_S * SAMPLE_RATE)
    chunks: list[Samples] = []
    with _opened("media.audio", path) as container:
        stream = _sound_of(container, path)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in container.decode(stream):
            chunks += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if sum(map(len, chunks)) >= wanted:
                break
    if not chunks:
        raise BadInput(f"media.audio: {path}: no sound in it")
    return np.resize(np.concatenate(chunks), wanted)


def _sound_of(container: av.container.InputContainer, path: Path) -> av.AudioStream:
    if not container.streams.audio:
        raise BadInput(f"media.audio: {path}: no sound in it")
    return container.streams.audio[0]


@contextmanager
def _opened(setting: str, path: Path) -> Iterator[av.container.InputContainer]:
    """The file, for PyAV; what PyAV says against it becomes BadInput."""
    try:
        with av.open(str(path)) as container:
            yield container
    except av.FFmpegError as error:
        raise BadInput(
            f"{setting}: {path}: not a clip that PyAV reads: {error.strerror}"
        ) from error
