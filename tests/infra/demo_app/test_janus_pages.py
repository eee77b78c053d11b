"""The pages in a real browser, with Debian's Janus behind the demo app."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.infra.demo_app.place import Place, moves, place_with, shown, state
from tests.infra.demo_app.servers import JanusServers, running_janus

pytestmark = pytest.mark.live

OTHERS_MOVE = """wanted => {
    const videos = [...document.querySelectorAll("#others video")];
    return videos.length === wanted && videos.every(
        (video) => video.videoWidth > 0 && video.currentTime > 0.5);
}"""


def place(folder: Path) -> AbstractAsyncContextManager[Place[JanusServers]]:
    return place_with(running_janus(folder))


async def others_move(page: Page, wanted: int) -> None:
    await page.wait_for_function(OTHERS_MOVE, arg=wanted, timeout=60_000)


async def test_two_people_call_each_other_and_are_recorded(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        callee = await here.page("one_to_one?auto=1&role=callee&session=s000&name=Bob&record=1")
        await state(callee, "waiting")
        caller = await here.page("one_to_one?auto=1&role=caller&session=s000&name=Ada&record=1")
        for page in (caller, callee):
            await state(page, "in_call")
            await moves(page)
            assert await shown(page, "#notice") == "This call is recorded on the server."
        await callee.wait_for_timeout(2000)
        await caller.click("#leave")
        await state(callee, "ended")
        await here.servers.until_empty()
    for name in ("caller-audio", "caller-video", "callee-audio", "callee-video"):
        assert (tmp_path / f"s000-{name}.mjr").stat().st_size > 10_000, name


async def test_each_member_of_a_room_sees_all_others(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        pages = []
        for name in ("Ada", "Bob", "Eve"):
            page = await here.page(f"group?auto=1&room=blue&name={name}&members=3")
            await state(page, "in_call")
            pages.append(page)
        ada, bob, eve = pages
        for page in pages:
            await others_move(page, 2)
        captions = await eve.locator("#others figcaption").all_inner_texts()
        assert sorted(captions) == ["Ada", "Bob"]
        await bob.click("#leave")
        for page in (ada, eve):
            await others_move(page, 1)
        bob = await here.page("group?auto=1&room=blue&name=Bob&members=3")
        for page in (ada, bob, eve):
            await others_move(page, 2)
        for page in (ada, bob, eve):
            await page.click("#leave")
        await here.servers.until_empty()


HEARS = """(element) => {
    const track = element.srcObject?.getAudioTracks()[0];
    if (!track || element.srcObject.getVideoTracks().length) return false;
    window.loudness ??= (() => {
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, { fftSize: 2048 });
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        return () => {
            const samples = new Float32Array(2048);
            analyser.getFloatTimeDomainData(samples);
            return Math.max(...samples.map(Math.abs));
        };
    })();
    return window.loudness() > 0.01;
}"""


async def hears(page: Page) -> None:
    """Wait until the page receives audio alone, and somebody is heard in it."""
    remote = await page.query_selector("#remote")
    await page.wait_for_function(HEARS, arg=remote, timeout=60_000)


async def test_members_of_an_audio_room_hear_the_others_mixed(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        address = "group?auto=1&room=blue&members=3&mixed=1&video=0&name="
        ada, bob, eve = [await here.page(address + name) for name in ("Ada", "Bob", "Eve")]
        for page in (ada, bob, eve):
            await state(page, "in_call")
            await hears(page)
        await bob.click("#leave")
        await ada.wait_for_function(
            "document.getElementById('count').textContent === '2 of 3 in the room'"
        )
        bob = await here.page(address + "Bob")
        await hears(bob)
        await eve.close()
        for page in (ada, bob):
            await page.click("#leave")
        await here.servers.until_empty()


async def test_viewers_watch_a_presenter_who_comes_late_and_returns(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        viewer = await here.page("broadcast?auto=1&role=viewer&room=news")
        await state(viewer, "waiting")
        presenter = await here.page("broadcast?auto=1&role=presenter&room=news&name=Ada")
        await state(viewer, "in_call")
        await moves(viewer)
        assert await shown(viewer, "#status") == "Watching Ada."
        late = await here.page("broadcast?auto=1&role=viewer&room=news")
        await moves(late)
        await presenter.click("#leave")
        await state(viewer, "waiting")
        await presenter.click("#present")
        await moves(viewer)
        await moves(late)
        for page in (viewer, late, presenter):
            await page.click("#leave")
        await here.servers.until_empty()


async def test_a_page_that_is_closed_leaves_nothing_in_janus(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        pages = [
            await here.page(f"group?auto=1&room=blue&name={name}&members=3")
            for name in ("Ada", "Bob")
        ]
        for page in pages:
            await others_move(page, 1)
        await pages[0].close()
        await pages[1].wait_for_function(OTHERS_MOVE, arg=0, timeout=60_000)
        await pages[1].close()
        await here.servers.until_empty()
