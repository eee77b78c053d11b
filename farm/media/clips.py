"""A clip: video and sound of a probe's camera and microphone, as files that Chromium plays.

Every clip is a loop of ten seconds, the length of a window, so that its content costs a codec the
same in each window.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from farm.errors import BadInput, ExperimentError, MissingTool
from farm.files.path_beside import is_there
from farm.media.camera import Planes, camera_frames
from farm.media.capture_files import write_wav, write_y4m
from farm.media.clip_cache import content_of, key_of, made_once, make_folder
from farm.media.file_pictures import file_pictures
from farm.media.file_sound import file_sound
from farm.media.frame_number import IDENTITIES
from farm.media.speech import Samples, speech
from farm.model.experiment import MediaSettings
from farm.model.setting import Size

LOOP_S = 10.0
SMALLEST = 64

_DRAWN_BY = ("camera.py", "capture_files.py", "clips.py", "frame_number.py", "speech.py")
_READ_BY = (
    "capture_files.py",
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

    `media.size` is ignored: the caller has decided on `size`. `identity` (0 to 15) is in the drawn
    camera's frame-number block. A file is scaled to fit, with black bars where its aspect ratio
    differs, and resampled to `media.frame_rate`; its first ten seconds are used, a shorter one is
    repeated up to ten. Files appear under their final names only when complete, so that many
    processes may prepare at once.

    Raises BadInput or MissingTool naming the setting, NoSpace when the disk is full.
    """
    _check(size, identity)
    video = _prepare_video(media, size, cache, identity)
    return Clip(video, _prepare_audio(media.audio, cache), size, media.frame_rate, LOOP_S)


def check_clips(media: MediaSettings, size: Size, cache: Path) -> None:
    """Raise the errors of `prepare`; of the clips only the user's files are prepared for that."""
    _check(size, 0)
    make_folder(cache)
    if media.video != "camera":
        _prepare_video(media, size, cache, 0)
    if media.audio != "speech":
        _prepare_audio(media.audio, cache)


def _prepare_video(media: MediaSettings, size: Size, cache: Path, identity: int) -> Path:
    shown = {"size": str(size), "frame_rate": media.frame_rate}
    frames: Callable[[], Iterable[Planes]]
    if media.video == "camera":
        key = key_of(_DRAWN_BY, kind="camera", identity=identity, **shown)
        frames = partial(camera_frames, size, media.frame_rate, LOOP_S, identity)
    else:
        source = _existing("media.video", media.video)
        key = key_of(_READ_BY, kind="file", content=content_of(source), **shown)
        frames = partial(file_pictures, source, size, media.frame_rate, LOOP_S)
    return made_once(
        cache / f"video-{size}@{media.frame_rate}-{key}.y4m",
        lambda out: write_y4m(out, frames(), size, media.frame_rate),
    )


def _prepare_audio(audio: str, cache: Path) -> Path | None:
    if audio == "none":
        return None
    samples: Callable[[], Samples]
    if audio == "speech":
        key = key_of(_DRAWN_BY, kind="speech")
        samples = partial(speech, LOOP_S)
    else:
        source = _existing("media.audio", audio)
        key = key_of(_READ_BY, kind="file", content=content_of(source))
        samples = partial(file_sound, source, LOOP_S)
    return made_once(cache / f"audio-{key}.wav", lambda out: write_wav(out, samples()))


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
    except ExperimentError as error:
        raise BadInput(f"{setting}: {error}") from error
    if not there:
        raise MissingTool(f"{setting}: {name}: there is no such file")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise BadInput(f"{setting}: {name}: not a file that can be read")
    return path
