"""A host far away: both of its sides, with a channel in this process between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.errors import BadInput, BrowserError, GeneratorError, HostLost, JoinError, MissingTool
from farm.hosts import RemoteHost
from farm.hosts.code_version import own_code
from farm.hosts.remote import PIECE_BYTES
from farm.hosts.rpc import Question, Reply, packed, unpacked
from farm.hosts.service import HostService
from farm.model.driver import Driver
from farm.model.experiment import MediaSettings, ProbeSettings
from farm.model.host_samples import HostLook, HostSample
from farm.model.page_samples import ProbeEvent
from farm.model.run_clock import RunClock
from farm.model.trial_plan import ProbePlan
from farm.processes import Processes
from farm.protocols import Evidence, HostKit
from farm.testing import FakeHost

PLAN = ProbePlan("p000", "s000", "caller", "b", 0.0, {}, ("video",), ("video",))
LOOK = HostLook("b", 8, 2**34, "6.8", own_code(), "Chromium 1", None, 28000, 10**11, None)
SAMPLE = HostSample("b", 1.0, 12.5, None, None, None, None, None)


@dataclass
class HostThere(FakeHost):
    """What runs on the machine far away; its pictures are files."""

    async def screenshot(self, probe: str, name: str) -> Path | None:
        assert self.kit is not None
        path = self.kit.screenshots / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x89PNG")
        self.emit(ProbeEvent(probe, "screenshot", 1.0, data={"file": path.name}))
        return path


@dataclass
class ChannelHere:
    """To a service in this process. `dead`: why it is gone; `silent`: it does not answer."""

    service: HostService
    dead: str | None = None
    silent: bool = False
    cuts: int = 0
    asked: int = 0

    async def ask(self, question: bytes) -> bytes:
        self.asked += 1
        if self.dead is not None:
            raise HostLost(self.dead)
        if self.silent:
            await asyncio.Event().wait()
        return await self.service.answer(question)

    async def cut(self) -> None:
        self.cuts += 1


@dataclass
class FarAway:
    """Both sides. `files` is where clips are kept over there, `orphaned` whether it gave up."""

    there: HostThere
    channel: ChannelHere
    host: RemoteHost
    files: Path
    orphaned: asyncio.Event
    heard: list[Evidence] = field(default_factory=list)
    first_heard: asyncio.Event = field(default_factory=asyncio.Event)
    lost: str | None = None

    async def listen(self) -> None:
        try:
            async for seen in self.host.evidence():
                self.heard.append(seen)
                self.first_heard.set()
        except HostLost as error:
            self.lost = str(error)


@asynccontextmanager
async def far_away(
    folder: Path,
    *,
    silent_s: float = 10.0,
    deaf_s: float = 20.0,
    late: Callable[[], Awaitable[float | None]] | None = None,
    piece_bytes: int = PIECE_BYTES,
    code: Callable[[], str] = own_code,
) -> AsyncIterator[FarAway]:
    there = HostThere(RunClock(), {"p001": "room full"}, name="b", place="oregon", join_s=0.01)
    orphaned = asyncio.Event()

    def make(_processes: Processes) -> HostThere:
        return there

    async def look(_chromium: Path | None, _app_url: str | None) -> HostLook:
        return LOOK

    (folder / "temporary").mkdir(exist_ok=True)
    service = HostService(
        make,
        look,
        folder / "brought",
        orphaned.set,
        deaf_s,
        code=code,
        temporary=folder / "temporary",
    )
    channel = ChannelHere(service)

    async def connect() -> ChannelHere:
        return channel

    host = RemoteHost("b", connect, RunClock(), late, silent_s, piece_bytes=piece_bytes)
    far = FarAway(there, channel, host, folder / "brought", orphaned)
    try:
        yield far
    finally:
        await host.close()
        await service.answer(packed(Question("close")))


def kit(folder: Path, media: MediaSettings | None = None) -> HostKit:
    pictures = folder / "screenshots"
    driver = Driver("test", {})
    return HostKit(
        "http://app/", False, driver, media or MediaSettings(), ProbeSettings(), 1.0, pictures
    )


def folders_left(folder: Path) -> list[Path]:
    """What the host's own temporary folder still holds."""
    return list((folder / "temporary").iterdir())


async def test_probes_do_there_what_they_are_told_here(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        facts = await far.host.open(kit(tmp_path))
        assert (facts.host, facts.place) == ("b", "oregon")
        await far.host.start(PLAN)
        await far.host.join("p000")
        assert (await far.host.joined("p000")).join_s == 0.01
        await far.host.after_join("p000", 2)
        far.there.cannot_act = {"p000": "d.yaml:7: after_join 1 step 1, press m: late"}
        with pytest.raises(JoinError, match=r"^d\.yaml:7: after_join 1 step 1, press m: late$"):
            await far.host.after_join("p000", 0)
        assert [(probe, number) for probe, number, _ in far.there.acted] == [
            ("p000", 2),
            ("p000", 0),
        ]
        await far.host.leave("p000")
        done = ["start", "join", "joined", "after_join", "after_join", "leave"]
        assert [did for did, _ in far.there.did] == done
        with pytest.raises(JoinError, match="room full") as caught:
            await far.host.join("p001")
        assert caught.value.reason == "signalling"


async def test_evidence_and_pictures_arrive_and_end_with_the_host(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        await far.host.open(kit(tmp_path))
        listening = asyncio.create_task(far.listen())
        event = ProbeEvent("p000", "opened", 1.0)
        far.there.emit(event)
        far.there.emit(SAMPLE)
        picture = await far.host.screenshot("p000", "mid-call-caller")
        last = ProbeEvent("p000", "left", 2.0)
        far.there.emit(last)
        await far.host.close()
        await listening
        assert far.lost is None
        assert picture == tmp_path / "screenshots" / "mid-call-caller.png"
        assert picture.read_bytes() == b"\x89PNG"
        kinds = [seen.kind if isinstance(seen, ProbeEvent) else "sample" for seen in far.heard]
        assert kinds == ["opened", "sample", "screenshot", "left"]
        assert far.there.closed
        assert far.channel.cuts == 1
    assert folders_left(tmp_path) == []


async def test_what_our_app_says_of_itself_goes_into_the_samples(tmp_path: Path) -> None:
    async def late() -> float:
        return 0.25

    async with far_away(tmp_path, late=late) as far:
        await far.host.open(kit(tmp_path))
        listening = asyncio.create_task(far.listen())
        far.there.emit(SAMPLE)
        await far.first_heard.wait()
        far.there.emit(SAMPLE)
        await far.host.close()
        await listening
        samples = [seen for seen in far.heard if isinstance(seen, HostSample)]
        assert [replace(sample, app_late_s=None) for sample in samples] == [SAMPLE, SAMPLE]
        assert samples[0].app_late_s is None  # it is asked when the first one comes
        assert samples[1].app_late_s == 0.25


async def test_its_clock_becomes_run_time(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        await far.host.open(kit(tmp_path))
        before_s = time.monotonic()
        reading = await far.host.clock()
        run_s = RunClock().run_s() - before_s + time.monotonic()
        assert reading.source == "b"
        assert 0 < reading.error_s < 1
        # Both sides are this machine: what it says now is run time now, to within the error.
        assert abs(before_s + reading.offset_s - reading.at_s) < 1 + reading.error_s
        assert run_s > 0


async def test_a_host_that_dies_says_so_once_and_does_nothing_more(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        await far.host.open(kit(tmp_path))
        read = await far.host.clock()
        listening = asyncio.create_task(far.listen())
        await asyncio.sleep(0)
        far.channel.dead = "its node has died"
        with pytest.raises(BrowserError, match="host b is lost: its node has died"):
            await far.host.join("p000")
        await listening
        assert far.lost == "host b is lost: its node has died"
        asked = far.channel.asked
        with pytest.raises(BrowserError, match="is lost"):
            await far.host.start(PLAN)
        await far.host.leave("p000")
        assert await far.host.screenshot("p000", "mid-call") is None
        assert await far.host.clock() == read
        await far.host.close()
        assert far.channel.asked == asked  # nobody is asked any more
        assert far.channel.cuts == 1


async def test_a_host_that_is_silent_is_lost(tmp_path: Path) -> None:
    async with far_away(tmp_path, silent_s=0.3) as far:
        await far.host.open(kit(tmp_path))
        far.channel.silent = True
        joining = asyncio.create_task(far.host.join("p000"))
        await far.listen()
        assert far.lost == "host b is lost: did not answer within 0.3 s"
        with pytest.raises(BrowserError, match="is lost"):  # who waits for an answer, too
            await joining


async def test_what_is_missing_there_is_told_with_the_host(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        far.there.breaks = {"open": MissingTool("no Chromium is installed")}
        with pytest.raises(BadInput, match="host b: no Chromium is installed"):
            await far.host.open(kit(tmp_path))
    assert far.there.closed


async def test_a_line_that_cannot_be_drawn_is_a_lost_host(tmp_path: Path) -> None:
    async def connect() -> ChannelHere:
        raise HostLost("the cluster does not have it any more")

    host = RemoteHost("b", connect, RunClock())
    with pytest.raises(GeneratorError, match="host b is lost: the cluster does not have it"):
        await host.open(kit(tmp_path))
    await host.close()


async def test_another_farm_is_refused_and_named(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        assert await far.host.look(None, "http://app/") == LOOK
    async with far_away(tmp_path, code=lambda: "0.0.1 (12345678)") as far:
        with pytest.raises(BadInput, match=r"host b has farm 0\.0\.1 \(12345678\), this machine"):
            await far.host.look(None, "http://app/")


async def test_a_clip_is_brought_once_and_whole(tmp_path: Path) -> None:
    clip = tmp_path / "mine.mp4"
    clip.write_bytes(bytes(range(256)) * 10)
    media = MediaSettings(video=str(clip))
    async with far_away(tmp_path, piece_bytes=1000) as far:
        await far.host.open(kit(tmp_path, media))
        assert far.there.kit is not None
        there = Path(far.there.kit.media.video)
        assert there.parent == far.files
        assert there.read_bytes() == clip.read_bytes()
        assert far.there.kit.media.audio == MediaSettings().audio
        first = far.channel.asked
    async with far_away(tmp_path, piece_bytes=1000) as again:
        await again.host.open(kit(tmp_path, media))
        assert again.channel.asked == first - 3  # its three pieces
    assert [path.name for path in far.files.iterdir()] == [there.name]


async def test_a_clip_that_came_in_pieces_before_does_not_spoil_the_next(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        service = far.channel.service
        answer = await service.answer(packed(Question("bring", ("name.mp4", 0, b"half", False))))
        assert answer == packed(Reply())
    clip = tmp_path / "mine.mp4"
    clip.write_bytes(b"whole")
    async with far_away(tmp_path) as far:
        far.files.mkdir(exist_ok=True)
        await far.host.open(kit(tmp_path, MediaSettings(video=str(clip))))
        assert far.there.kit is not None
        assert Path(far.there.kit.media.video).read_bytes() == b"whole"


@pytest.mark.parametrize("name", ["../mine", "/tmp/mine", "a/b", "..", ".", ""])
async def test_a_clip_is_brought_to_no_other_folder(name: str, tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        for asked in (Question("lacks", (name,)), Question("bring", (name, 0, b"x", False))):
            answer = unpacked(await far.channel.service.answer(packed(asked)), Reply)
            assert answer.trouble is not None
            assert answer.trouble.message == f"{name}: not the name of a file"
        assert not (tmp_path / "mine").exists()


async def test_a_service_that_nobody_asks_any_more_ends_its_browsers(tmp_path: Path) -> None:
    async with far_away(tmp_path, deaf_s=0.2) as far:
        await far.host.open(kit(tmp_path))
        assert not far.there.closed
        async with asyncio.timeout(10):
            await far.orphaned.wait()
        assert far.there.closed
    assert folders_left(tmp_path) == []
