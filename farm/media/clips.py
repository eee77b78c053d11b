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

from farm.errors import BadExperiment, BadInput, MissingTool, NoSpace
from farm.files.path_beside import is_there
from farm.media.camera import Planes, camera_frames
from farm.media.file_pictures import file_pictures
from farm.media.file_sound import file_sound
from farm.media.frame_number import IDENTITIES
from farm.media.speech import SAMPLE_RATE, Samples, speech
from farm.model.experiment import MediaSettings
from farm.model.setting import Size

LOOP_S = 10.0
SMALLEST = 64

_DRAWN_BY = ("camera.py", "clips.py", "frame_number.py", "speech.py")
_READ_BY = (
    "clips.py",
    "file_pictures.py",
    "file_sound.py",
    "media_file.py",
    "one_channel.py",
    "picture_times.py",
)


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


def prepare(media: MediaSettings, size: Size, cache: Path, identity: int = 0) -> Clip:
    """The clip of `media` at `size`, made now or found in the directory `cache`.

    `media.size` is not looked at: the caller has settled which size it is. `identity` (0 to 15) is
    what the drawn camera's frame-number block says. A file is scaled to fit, with black bars where
    its shape differs, and brought to `media.frame_rate`; its first ten seconds are used, a shorter
    one is repeated up to ten. Files appear under their final names only when complete, so that
    many processes may prepare at once.

    Raises BadInput or MissingTool naming the setting, NoSpace when the disk is full.
    """
    _check(size, identity)
    video = _prepare_video(media, size, cache, identity)
    return Clip(video, _prepare_audio(media.audio, cache), size, media.frame_rate, LOOP_S)


def check_clips(media: MediaSettings, size: Size, cache: Path) -> None:
    """Raises what `prepare` would. The user's files are prepared for that, what is drawn is not."""
    _check(size, 0)
    _make(cache)
    if media.video != "camera":
        _prepare_video(media, size, cache, 0)
    if media.audio != "speech":
        _prepare_audio(media.audio, cache)


def _prepare_video(media: MediaSettings, size: Size, cache: Path, identity: int) -> Path:
    shown = {"size": str(size), "frame_rate": media.frame_rate}
    frames: Callable[[], Iterable[Planes]]
    if media.video == "camera":
        key = _key(_DRAWN_BY, kind="camera", identity=identity, **shown)
        frames = partial(camera_frames, size, media.frame_rate, LOOP_S, identity)
    else:
        source = _existing("media.video", media.video)
        key = _key(_READ_BY, kind="file", content=_content(source), **shown)
        frames = partial(file_pictures, source, size, media.frame_rate, LOOP_S)
    return made_once(
        cache / f"video-{size}@{media.frame_rate}-{key}.y4m",
        lambda out: _write_y4m(out, frames(), size, media.frame_rate),
    )


def _prepare_audio(audio: str, cache: Path) -> Path | None:
    if audio == "none":
        return None
    samples: Callable[[], Samples]
    if audio == "speech":
        key = _key(_DRAWN_BY, kind="speech")
        samples = partial(speech, LOOP_S)
    else:
        source = _existing("media.audio", audio)
        key = _key(_READ_BY, kind="file", content=_content(source))
        samples = partial(file_sound, source, LOOP_S)
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
    try:
        there = is_there(path)
    except BadExperiment as error:
        raise BadInput(f"{setting}: {error}") from error
    if not there:
        raise MissingTool(f"{setting}: {name}: there is no such file")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise BadInput(f"{setting}: {name}: not a file that can be read")
    return path


# ---------------------------------------------------------------- the cache


def _key(made_by: tuple[str, ...], **settings: object) -> str:
    """What a file is made of: its settings and the code that makes it."""
    code = code_of(*made_by)
    digest = hashlib.sha256(json.dumps({**settings, "code": code}, sort_keys=True).encode())
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
