"""What a page does with what it sends is told as it does it, and the page does not notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from farm.model.driver import WaitFor

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def told(probe: Any, count: int) -> list[dict[str, Any]]:
    """What was told of senders, once that is `count` events."""
    events = probe.witness.events
    await probe.witness.until(lambda: len(events("sender")) >= count)
    await probe.witness.report()  # a poll finds nothing more
    return [dict(event.data) for event in events("sender")]


async def after(probe: Any, script: str, count: int = 1) -> list[dict[str, Any]]:
    before = len(probe.witness.events("sender"))
    await probe.do(script)
    return (await told(probe, before + count))[before:]


async def in_call(new_page: NewPage, call_app: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A page in a call, and what was told of its two senders."""
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    first = {each["kind"]: each for each in await told(probe, 2)}
    await probe.page.run(WaitFor(function="calls.length === 1"))
    await probe.do(
        """() => {
            const senders = calls[0].near.getSenders();
            window.video = senders.find(({ track }) => track.kind === "video");
            window.audio = senders.find(({ track }) => track.kind === "audio");
            window.camera = video.track;
        }"""
    )
    return probe, first["video"], first["audio"]


async def test_each_sender_is_told_once_its_line_has_a_mid(
    new_page: NewPage, call_app: str
) -> None:
    probe, video, audio = await in_call(new_page, call_app)
    assert (video["source"], audio["source"]) == ("camera", "microphone")
    assert (video["state"], video["enabled"], video["failed"]) == ("live", True, False)
    assert (video["width"], video["height"]) == (640, 480)
    assert video["frame_rate"] > 0
    assert audio["frame_rate"] is None
    assert (video["direction"], {video["mid"], audio["mid"]}) == ("sendrecv", {"0", "1"})
    assert video["page_time_s"] > 1e9
    assert video["connection"] == audio["connection"]
    all_told = await told(probe, 0)
    assert {each["connection"] for each in all_told} == {video["connection"]}, "far sends nothing"
    assert len(all_told) == 2, "what the other side agreed to is no act of the page's"


async def test_what_the_page_does_with_its_camera_is_told(new_page: NewPage, call_app: str) -> None:
    probe, video, audio = await in_call(new_page, call_app)

    muted, heard = await after(
        probe, "() => { audio.track.enabled = false; audio.track.enabled = true; }", 2
    )
    assert (muted["kind"], muted["enabled"], muted["track"]) == ("audio", False, audio["track"])
    assert heard["enabled"] is True

    (slower,) = await after(
        probe, "() => camera.applyConstraints({ width: 320, height: 240, frameRate: 7 })"
    )
    assert (slower["width"], slower["height"], slower["frame_rate"]) == (320, 240, 7)

    paused, sent = await after(
        probe,
        """async () => {
            for (const active of [false, true]) {
                const parameters = video.getParameters();
                parameters.encodings[0].active = active;
                await video.setParameters(parameters);
            }
        }""",
        2,
    )
    assert (video["active"], paused["active"], sent["active"]) == (True, False, True)
    assert (paused["state"], paused["direction"]) == ("live", "sendrecv")
    assert [each["active"] for each in paused["encodings"]] == [False]

    (limited,) = await after(
        probe,
        """async () => {
            const parameters = video.getParameters();
            Object.assign(parameters.encodings[0], {
                maxBitrate: 300_000, maxFramerate: 9, scaleResolutionDownBy: 2 });
            await video.setParameters(parameters);
        }""",
    )
    (encoding,) = limited["encodings"]
    assert (encoding["max_bitrate"], encoding["max_frame_rate"]) == (300_000, 9)
    assert encoding["scale_resolution_down_by"] == 2

    (none,) = await after(probe, "() => video.replaceTrack(null)")
    assert (none["mid"], none["kind"]) == (video["mid"], "video")
    assert (none["track"], none["state"], none["source"]) == (None, "none", "camera")

    (canvas,) = await after(
        probe,
        """async () => {
            const canvas = document.createElement("canvas");
            canvas.getContext("2d");
            await video.replaceTrack(canvas.captureStream(5).getTracks()[0]);
        }""",
    )
    assert (canvas["source"], canvas["state"], canvas["frame_rate"]) == ("canvas", "live", 5)

    (back,) = await after(probe, "() => video.replaceTrack(camera.clone())")
    assert (back["source"], back["track"] != video["track"]) == ("camera", True)

    (stopped,) = await after(probe, "() => video.track.stop()")
    assert (stopped["state"], stopped["failed"]) == ("ended", False)
    assert stopped["source"] == "camera"
    last = probe.witness.events("sender")[-1]
    assert last.message == (
        f"sends camera video on {video['connection']} mid {video['mid']}: ended by the page"
    )


async def test_removed_stopped_and_closed_senders_send_nothing(
    new_page: NewPage, call_app: str
) -> None:
    probe, video, audio = await in_call(new_page, call_app)
    (removed,) = await after(probe, "() => calls[0].near.removeTrack(audio)")
    assert (removed["mid"], removed["state"], removed["kind"]) == (audio["mid"], "none", "audio")

    (stopped,) = await after(
        probe,
        """() => calls[0].near.getTransceivers().find(({ sender }) => sender === video).stop()""",
    )
    assert (stopped["mid"], stopped["state"]) == (video["mid"], "none")

    probe, _video, _audio = await in_call(new_page, call_app)
    closed = await after(probe, "() => { calls[0].near.close(); calls[0].near.close(); }", 2)
    assert {(each["kind"], each["state"]) for each in closed} == {
        ("audio", "none"),
        ("video", "none"),
    }
    (event,) = (
        event for event in probe.witness.events("connection") if event.data["state"] == "closed"
    )
    assert event.data["by_page"] is True


async def test_a_line_that_the_other_side_rejects_is_not_the_pages_act(
    new_page: NewPage, call_app: str
) -> None:
    probe, _video, _audio = await in_call(new_page, call_app)
    before = len(probe.witness.events("sender"))
    await probe.do(
        """async () => {
            const { near, far } = calls[0];
            const last = near.getTransceivers().find(({ mid }) => mid === "1");
            await near.setLocalDescription();
            await far.setRemoteDescription(near.localDescription);
            await far.setLocalDescription();
            const sdp = far.localDescription.sdp
                .replace(/a=group:BUNDLE.*/, "a=group:BUNDLE 0")
                .replace(/(m=\\w+) \\d+(?=[^]*a=mid:1)(?![^]*a=mid:0)/, "$1 0");
            await near.setRemoteDescription({ type: "answer", sdp });
            if (last.direction !== "stopped") throw new Error(`rejected, and ${last.direction}`);
            if (last.sender.track.readyState !== "live") throw new Error("its track is over");
        }"""
    )
    assert len(await told(probe, before)) == before
    (silent,) = await after(
        probe, "() => calls[0].near.getTransceivers().find(({ mid }) => mid === '0').stop()"
    )
    assert (silent["mid"], silent["state"], silent["direction"]) == ("0", "none", "stopped")


async def test_what_the_page_does_not_want_to_receive_is_told(
    new_page: NewPage, call_app: str
) -> None:
    probe, _video, _audio = await in_call(new_page, call_app)
    assert probe.witness.events("receiver") == [], "it wants all at first"
    await probe.do(
        """() => {
            const line = calls[0].far.getTransceivers().find(({ mid }) => mid === "1");
            for (const direction of ["inactive", "recvonly"]) line.direction = direction;
            line.stop();
            calls[0].near.getTransceivers().find(({ mid }) => mid === "1").direction = "sendonly";
            calls[0].near.close();
            calls[0].far.close();
        }"""
    )
    events = await probe.witness.until(
        lambda: each if len(each := probe.witness.events("receiver")) >= 4 else None
    )
    await probe.witness.report()
    assert len(probe.witness.events("receiver")) == 4, "closing is told of the connection"
    *far, near = events
    assert [(each.data["wanted"], each.data["direction"]) for each in far] == [
        (False, "inactive"),
        (True, "recvonly"),
        (False, "stopped"),
    ]
    assert {(each.data["mid"], each.data["kind"]) for each in events} == {("1", "video")}
    assert len({each.data["connection"] for each in far}) == 1
    assert (near.data["wanted"], near.data["direction"]) == (False, "sendonly")


async def test_a_source_that_fails_is_not_the_pages_act(new_page: NewPage, call_app: str) -> None:
    """What the page sends on ends because its sender, elsewhere, is gone."""
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    await probe.do(
        """async () => {
            while (!calls[0]) await new Promise((resolve) => setTimeout(resolve, 50));
            const { near, far } = calls[0];
            const got = far.getReceivers().find(({ track }) => track.kind === "video").track;
            window.next = new RTCPeerConnection();
            next.addTrack(got);
            await next.setLocalDescription();
            near.getTransceivers().find(({ sender }) => sender.track.kind === "video").stop();
            await near.setLocalDescription();
            await far.setRemoteDescription(near.localDescription);
        }"""
    )
    events = await probe.witness.until(
        lambda: [each for each in probe.witness.events("sender") if each.data["failed"]]
    )
    assert events[0].data["state"] == "ended"
    assert events[0].data["source"] == "other"
    assert events[0].message.endswith("its source failed")


async def test_a_sender_prepared_and_never_used_is_told_as_none(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    (told,) = await after(
        probe,
        """async () => {
            window.kept = new RTCPeerConnection();
            kept.addTransceiver("video", { direction: "sendonly" });
            kept.addTransceiver("audio", { direction: "recvonly" });
            await kept.setLocalDescription();
        }""",
    )
    assert (told["kind"], told["state"], told["track"]) == ("video", "none", None)
    assert (told["direction"], told["enabled"]) == ("sendonly", False)


async def test_a_shared_screen_is_told_from_a_camera(new_page: NewPage, call_app: str) -> None:
    """Nothing can be captured here: a track that says of itself what a screen's does."""
    probe, _video, _audio = await in_call(new_page, call_app)
    (screen,) = await after(
        probe,
        """async () => {
            const [track] = document.createElement("canvas").captureStream().getTracks();
            const shown = { displaySurface: "monitor", frameRate: 5 };
            Object.defineProperty(track, "getSettings", { value: () => shown });
            Object.defineProperty(track, Symbol.toStringTag, { value: "MediaStreamTrack" });
            await video.replaceTrack(track);
        }""",
    )
    assert screen["source"] == "screen"


async def test_the_page_does_not_notice(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            const check = (right, what) => { if (!right) throw new Error(what); };
            const connection = new RTCPeerConnection();
            const sender = connection.addTransceiver("video").sender;
            check(RTCPeerConnection.prototype.addTrack.name === "addTrack", "name");
            check(RTCRtpSender.prototype.replaceTrack.length === 1, "length");
            const { set } = Object.getOwnPropertyDescriptor(MediaStreamTrack.prototype, "enabled");
            check(set.name === "set enabled" && String(set).includes("[native code]"), "setter");
            check((await sender.replaceTrack(null)) === undefined, "value");
            connection.close();
            try { await sender.replaceTrack(null); check(false, "closed"); }
            catch (error) { check(error.name === "InvalidStateError", "the browser's own error"); }
            try { connection.addTrack(7); check(false, "no track"); }
            catch (error) { check(error instanceof TypeError, "error of a wrong argument"); }
            const unheard = [];
            window.addEventListener("unhandledrejection", (event) => {
                unheard.push(event.reason.name);
                event.preventDefault();
            });
            connection.setLocalDescription();
            connection.setLocalDescription().catch(() => {});
            await new Promise((resolve) => setTimeout(resolve, 300));
            check(unheard.join() === "InvalidStateError", `one failure unhandled: ${unheard}`);
        }"""
    )
