"""The pages in a real browser, with the embedded media server: what people and drivers see."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import av
import pytest

from farm.kurento import KurentoClient
from tests.infra.demo_app.place import Place, moves, place_with, shown, state
from tests.infra.demo_app.servers import Servers, child, running_servers

pytestmark = pytest.mark.live


def place(recordings: Path, *, camera: bool = True) -> AbstractAsyncContextManager[Place[Servers]]:
    return place_with(running_servers(recordings), camera=camera)


async def test_two_people_call_each_other(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        ada, bob = await here.page("one_to_one"), await here.page("one_to_one")
        await bob.fill("#name", "Bob")
        await bob.click("#register")
        await state(bob, "waiting")
        assert await shown(bob, "#status") == "Signed in as Bob. Waiting for a call."

        await ada.fill("#name", "Ada")
        await ada.fill("#peer", "Zoe")
        await ada.click("#call")
        await state(ada, "error")
        assert await shown(ada, "#error") == "Zoe is not signed in."

        await ada.fill("#peer", "Bob")
        await ada.click("#call")
        await bob.click("#decline")
        await state(ada, "error")
        assert await shown(ada, "#error") == "Bob declined the call."

        await ada.click("#call")
        assert await shown(bob, "#incoming p") == "Ada is calling."
        await bob.click("#accept")
        for page in (ada, bob):
            await state(page, "in_call")
            await moves(page)
            await moves(page, "own")
        assert await shown(ada, "#status") == "In a call with Bob."

        await bob.click("#leave")
        await state(ada, "ended")
        assert "The other side has left." in await shown(ada, "#status")
        await here.servers.until_empty()

        await bob.fill("#peer", "Ada")
        await bob.click("#call")
        await ada.click("#accept")
        await moves(bob)
        await ada.context.close()
        await state(bob, "ended")
        await here.servers.until_empty()


async def test_a_room_shows_one_mixed_picture_and_says_when_it_is_full(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        link = "group?room=r&members=2&auto=1&width=320&height=180&name="
        members = [await here.page(link + name) for name in ("n0", "n1")]
        for page in members:
            await state(page, "in_call")
            await moves(page, width=800, height=600)
        names = await members[0].locator("#participants li").all_inner_texts()
        assert sorted(names) == ["n0", "n1"]
        late = await here.page(link + "late")
        await state(late, "error")
        assert await shown(late, "#error") == "Room r is full (2 of 2)."

        await members[0].click("#leave")
        await state(members[0], "ended")
        await late.click("#join")
        await state(late, "in_call")
        await moves(late, width=800, height=600)
        for page in (members[1], late):
            await page.context.close()
        await here.servers.until_empty()


async def test_viewers_wait_for_a_presenter_who_comes_goes_and_comes_back(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        viewer = await here.page("broadcast?room=r&role=viewer&auto=1")
        await state(viewer, "waiting")
        assert (await shown(viewer, "#status")).startswith("No presenter in room r yet.")
        presenter = await here.page("broadcast?room=r&name=Ann")
        for _ in range(2):
            await presenter.click("#present")
            await state(presenter, "in_call")
            await state(viewer, "in_call")
            await moves(viewer)
            assert await shown(viewer, "#status") == "Watching Ann."
            assert await shown(presenter, "#count") == "1 viewer"
            await presenter.click("#leave")
            await state(viewer, "waiting")
            assert (await shown(viewer, "#status")).startswith("Ann has stopped.")
        await here.servers.until_empty()


HOLD_ANSWERS = """() => {
  const { prototype } = RTCPeerConnection;
  const apply = prototype.setRemoteDescription;
  prototype.setRemoteDescription = async function (answer) {
    window.held = true;
    while (this.connectionState !== "closed") await new Promise((go) => setTimeout(go, 10));
    await apply.call(this, answer).finally(() => setTimeout(() => (window.applied = true), 50));
  };
}"""


async def test_a_viewer_whose_presenter_goes_before_the_answer_is_applied_waits_again(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as here:
        presenter = await here.page("broadcast?room=r&name=Ann")
        await presenter.click("#present")
        await state(presenter, "in_call")
        viewer = await here.page("broadcast?room=r&role=viewer")
        await viewer.evaluate(HOLD_ANSWERS)
        await viewer.click("#view")
        await viewer.wait_for_function("window.held")
        await presenter.click("#leave")
        await viewer.wait_for_function("window.applied")  # to a connection that is closed
        await state(viewer, "waiting")
        assert (await shown(viewer, "#status")).startswith("Ann has stopped.")


async def test_pages_survive_the_death_of_the_media_server(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        port = here.servers.kurento_url.rpartition(":")[2].partition("/")[0]
        member = await here.page("group?room=r&name=n&members=2&auto=1")
        await state(member, "in_call")
        here.servers.kurento.kill()
        await state(member, "error")
        assert "The media server is gone" in await shown(member, "#error")
        await member.click("#join")
        await member.get_by_text("The media server does not answer.").wait_for()
        async with child("infra.embedded_kurento", "--port", port):
            await member.click("#join")
            await state(member, "in_call")


async def test_a_page_says_so_when_the_application_dies_and_its_media_is_freed(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as here:
        member = await here.page("group?room=r&name=n&members=2&auto=1")
        await state(member, "in_call")
        here.servers.app.terminate()
        await state(member, "error")
        assert "The connection to the application was lost." in await shown(member, "#error")
        await here.servers.until_empty()
        await member.click("#join")
        await member.get_by_text("The application does not answer.").wait_for()


async def test_a_refused_camera_is_explained_and_leaves_the_form(tmp_path: Path) -> None:
    async with place(tmp_path, camera=False) as here:
        page = await here.page("group?room=r&name=n")
        await page.click("#join")
        await state(page, "error")
        assert (await shown(page, "#error")).startswith("The camera was refused.")
        assert await page.locator("#join").is_visible()


async def test_bandwidth_limits_and_picture_size_come_from_the_address(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        link = "one_to_one?session=s&auto=1&width=320&height=180&fps=10&maxVideoSendBandwidth=150"
        callee = await here.page(f"{link}&role=callee&name=a")
        await state(callee, "waiting")
        caller = await here.page(f"{link}&role=caller&name=b")
        await state(callee, "in_call")
        await moves(caller, width=320, height=180)
        async with KurentoClient.connect(here.servers.kurento_url) as kurento:
            (pipeline,) = await kurento.pipelines()
            endpoints = await kurento.invoke(pipeline, "getChildren")
            limits = [await kurento.invoke(each, "getMaxVideoSendBandwidth") for each in endpoints]
        assert limits == [150, 150]


async def test_a_recorded_call_leaves_a_file_with_both_tracks_for_each_side(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as here:
        link = "one_to_one?session=s001&auto=1&width=320&height=240&record=1"
        callee = await here.page(f"{link}&role=callee&name=a")
        await state(callee, "waiting")
        caller = await here.page(f"{link}&role=caller&name=b")
        for page in (caller, callee):
            await moves(page, width=320, height=240)
        assert await shown(callee, "#notice") == "This call is recorded on the server."
        await asyncio.sleep(2)  # media time, for the file to have a length
        await caller.click("#leave")
        await here.servers.until_empty()

    assert {each.name for each in tmp_path.iterdir()} == {"s001-caller.webm", "s001-callee.webm"}
    for file in tmp_path.iterdir():
        with av.open(file) as container:
            assert {stream.type for stream in container.streams} == {"audio", "video"}
            assert sum(1 for _ in container.decode(video=0)) > 10
