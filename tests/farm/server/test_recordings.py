"""The directory of a run's recordings, by a real shell: made, looked at, put away, removed."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from farm.errors import AnswerCut, BadInput
from farm.model.call_files import RecordedFile
from farm.model.server_settings import Keep
from farm.model.server_settings import RecordingSettings as RecordingsSettings
from farm.server.recorded_files import BROKEN_OFF, MARKER
from farm.server.recordings import RecordingsDirectory
from farm.server.shell import CommandResult

TOOLS = ["awk", "base64", "chmod", "df", "find", "head", "mkdir", "mv", "rm", "rmdir", "stat"]

# What ffprobe 5.1 says of a call's packets, and of no media file.
FFPROBE = """\
#!/bin/sh
case "$*" in
*junk*) echo "[matroska,webm @ 0x5] EBML header parsing failed" >&2; exit 1 ;;
esac
echo video,0.020000,
echo audio,0.007000,
echo audio,N/A,
echo
echo video,12.120000,
echo audio,12.007000,
"""


@dataclass
class Machine:
    """`/bin/sh` with these tools and no others."""

    tools: Path

    async def run(self, command: str, within_s: float) -> CommandResult:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", command),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": str(self.tools)},
            cwd="/",
        )
        async with asyncio.timeout(within_s):
            said, complained = await process.communicate()
        return CommandResult(process.returncode or 0, said.decode(), complained.decode())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    return Machine(tools)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a user's calls" / "20261122T221500Z-one_to_one"


@pytest.fixture
def of(machine: Machine, directory: Path) -> Callable[[Keep], RecordingsDirectory]:
    return lambda keep: RecordingsDirectory(
        machine.run, "media.example", RecordingsSettings(str(directory), keep)
    )


def has_ffprobe(machine: Machine) -> None:
    program = machine.tools / "ffprobe"
    program.write_text(FFPROBE)
    program.chmod(0o755)


def record(path: Path, seconds: float, *, sound: bool = True) -> None:
    """A small film, as a call's recording is."""
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("libopus", rate=48000) if sound else None
        for number in range(int(seconds * 10)):
            picture = np.full((48, 64, 3), number % 256, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            silence = np.zeros((1, int(48000 * seconds)), dtype=np.float32)
            samples = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            samples.sample_rate, samples.pts = 48000, 0
            container.mux(audio.encode(samples))
            container.mux(audio.encode(None))


def lengths(file: RecordedFile) -> dict[str, float | None]:
    return {track.kind: track.length_s for track in file.tracks or ()}


async def test_the_directory_is_made_for_every_user_and_its_room_is_told(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    free = await of("none").ready()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o1777
    assert stat.S_IMODE(directory.parent.stat().st_mode) == 0o755
    there = shutil.disk_usage(directory).free
    assert 0.5 * there < free < 2 * there


async def test_a_directory_that_cannot_be_made_is_named_with_its_machine(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    directory.parent.write_text("a file is in the way")
    with pytest.raises(
        BadInput,
        match=rf"^server\.recordings\.directory: {directory} cannot be used on media\.example: mk",
    ):
        await of("none").ready()


async def test_what_an_unfinished_trial_left_is_cleared_and_what_was_kept_stays(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    recordings = of("all")
    await recordings.ready()
    (directory / "s000-callee.webm").write_text("of a trial")
    await recordings.put_away("000-load-002")
    (directory / "s000-callee.webm").write_text("of a trial that was cut off")
    await recordings.ready()
    assert {path.name for path in directory.iterdir()} == {MARKER, "000-load-002"}


@pytest.mark.parametrize("there", ["a full folder", "an empty folder", "a file", "a link"])
async def test_what_is_there_and_not_ours_is_neither_opened_nor_cleared_nor_removed(
    there: str, of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    theirs = directory.parent / "theirs" if there == "a link" else directory
    directory.parent.mkdir()
    if there == "a file":
        directory.write_text("mine")
    else:
        theirs.mkdir(mode=0o750)
    if there == "a full folder":
        (directory / "letter.txt").write_text("mine")
    if there == "a link":
        (theirs / MARKER).touch()
        directory.symlink_to(theirs)
    before = {path: path.lstat().st_mode for path in directory.parent.rglob("*")}
    recordings = of("none")
    with pytest.raises(
        BadInput,
        match=r"cannot be used on media\.example: it is there, and the farm did not make it$",
    ):
        await recordings.ready()
    await recordings.leave()
    assert {path: path.lstat().st_mode for path in directory.parent.rglob("*")} == before


async def test_a_run_that_is_taken_up_again_finds_its_directory(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    first = of("all")
    await first.ready()
    (directory / "s000-callee.webm").write_text("of a trial")
    await first.put_away("000-load-002")
    await first.leave()
    resumed = of("all")
    await resumed.ready()
    assert (directory / "000-load-002" / "s000-callee.webm").read_text() == "of a trial"


async def test_ffprobe_on_the_server_counts_every_packet(
    of: Callable[[Keep], RecordingsDirectory], machine: Machine, directory: Path
) -> None:
    has_ffprobe(machine)
    recordings = of("none")
    await recordings.ready()
    (directory / "s000-callee.webm").write_text("as if it were media")
    (directory / "junk.webm").write_text("no media")
    (directory / "empty.webm").touch()
    whole, junk, empty, missing = await recordings.look(
        ["s000-callee.webm", "junk.webm", "empty.webm", "missing.webm"]
    )
    assert lengths(whole) == {"audio": 12.0, "video": pytest.approx(12.1)}
    assert (junk.tracks, junk.trouble) == ((), "[matroska,webm @ 0x5] EBML header parsing failed")
    assert (empty.size_bytes, missing.size_bytes) == (0, None)
    assert missing.path == f"{directory}/missing.webm"


async def test_without_ffprobe_the_beginning_of_a_file_is_read_here(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    recordings = of("none")
    await recordings.ready()
    record(directory / "both.webm", 3.0)
    record(directory / "silent.webm", 2.0, sound=False)
    (directory / "junk.webm").write_text("no media" * 100)
    (directory / "empty.webm").touch()
    both, silent, junk, empty, missing = await recordings.look(
        ["both.webm", "silent.webm", "junk.webm", "empty.webm", "missing.webm"]
    )
    assert lengths(both) == {
        "audio": pytest.approx(3.0, abs=0.1),
        "video": pytest.approx(3.0, abs=0.1),
    }
    assert lengths(silent) == {"video": pytest.approx(2.0, abs=0.1)}
    assert junk.tracks == ()
    assert "Invalid data" in junk.trouble
    assert (empty.size_bytes, empty.tracks) == (0, ())
    assert missing.size_bytes is None


async def test_many_files_are_looked_at_in_order(
    of: Callable[[Keep], RecordingsDirectory], machine: Machine, directory: Path
) -> None:
    has_ffprobe(machine)
    recordings = of("none")
    await recordings.ready()
    names = [f"s{number:03d}-caller.webm" for number in range(45)]
    for size, name in enumerate(names, start=1):
        (directory / name).write_text("x" * size)
    seen = await recordings.look(names)
    assert [file.size_bytes for file in seen] == list(range(1, 46))


@pytest.mark.parametrize(
    ("keep", "after_two_trials"),
    [
        ("none", []),
        ("last", ["001-load-004/s000-callee.webm"]),
        ("all", ["000-load-002/s000-callee.webm", "001-load-004/s000-callee.webm"]),
    ],
)
async def test_what_is_kept_is_what_the_settings_say(
    of: Callable[[Keep], RecordingsDirectory],
    directory: Path,
    keep: Keep,
    after_two_trials: list[str],
) -> None:
    recordings = of(keep)
    for trial in ("000-load-002", "001-load-004"):
        await recordings.ready()
        (directory / "s000-callee.webm").write_text(trial)
        await recordings.put_away(trial)
    (directory / "s000-callee.webm").write_text("of a trial that was cut off")
    await recordings.leave()
    left = sorted(str(path.relative_to(directory)) for path in directory.rglob("*.webm"))
    assert left == after_two_trials
    assert directory.exists() == bool(after_two_trials)
    assert directory.parent.exists()


async def test_what_was_never_made_is_left_alone(
    of: Callable[[Keep], RecordingsDirectory], directory: Path
) -> None:
    directory.mkdir(parents=True)
    (directory / "somebody else's").touch()
    await of("none").leave()
    assert [path.name for path in directory.iterdir()] == ["somebody else's"]


def dying(machine: Machine, name: str, *, first: str = "") -> None:
    """This program is killed by a server that is out of memory, after it did `first`."""
    program = machine.tools / name
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{first}\nkill -KILL $$\n")
    program.chmod(0o755)


@pytest.mark.parametrize("killed", ["stat", "awk", "ffprobe"])
async def test_a_look_that_is_killed_knows_nothing_and_blames_nobody(
    killed: str, of: Callable[[Keep], RecordingsDirectory], machine: Machine, directory: Path
) -> None:
    has_ffprobe(machine)
    recordings = of("none")
    await recordings.ready()
    (directory / "s000-callee.webm").write_text("as if it were media")
    dying(machine, killed, first="echo video,0.02," if killed == "ffprobe" else "")
    there, missing = await recordings.look(["s000-callee.webm", "missing.webm"])
    if killed == "stat":
        assert there.unknown == BROKEN_OFF
    else:
        assert (there.size_bytes, there.tracks) == (19, None)
    assert missing == RecordedFile(f"{directory}/missing.webm", None)


async def test_a_beginning_that_is_cut_off_on_its_way_is_unknown(
    of: Callable[[Keep], RecordingsDirectory], machine: Machine, directory: Path
) -> None:
    recordings = of("none")
    await recordings.ready()
    record(directory / "both.webm", 3.0)
    real = shutil.which("head")
    dying(machine, "head", first=f'{real} -c 300 "$3"')
    (both,) = await recordings.look(["both.webm"])
    assert (both.tracks, both.trouble) == (None, "")


async def test_a_directory_is_not_to_blame_when_the_command_that_makes_it_is_killed(
    of: Callable[[Keep], RecordingsDirectory], machine: Machine
) -> None:
    dying(machine, "df")
    with pytest.raises(AnswerCut, match="cannot be used on media"):
        await of("none").ready()
