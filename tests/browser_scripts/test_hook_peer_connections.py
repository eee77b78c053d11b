"""What the hook remembers of a page's connections, and that the page does not notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from farm.model.webrtc_stats import InboundRtp, OutboundRtp

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


def states(report: Any) -> list[str]:
    return [connection.state for connection in report.connections]


def packets_received(connection: Any) -> int:
    return sum(s.packetsReceived or 0 for s in connection.stats if isinstance(s, InboundRtp))


async def test_counters_move_and_first_media_is_told(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    first = await probe.witness.report(lambda r: states(r) == ["connected", "connected"])
    second = await probe.witness.report()
    near, far = first.connections
    assert any(isinstance(stat, OutboundRtp) for stat in near.stats)
    assert packets_received(second.connections[1]) > packets_received(far) > 0
    assert near.connection != far.connection
    assert near.offered_s is not None
    assert near.offered_s <= first.page_time_s

    setups = await probe.witness.until(
        lambda: len(probe.witness.events("setup")) == 2 and probe.witness.events("setup")
    )
    assert {event.data["kind"] for event in setups} == {"audio", "video"}
    assert all(event.data["connection"] == far.connection for event in setups)
    assert all(0 < event.data["setup_s"] < 15 for event in setups)
    third = await probe.witness.report()
    assert {media.kind for media in third.connections[1].first_media} == {"audio", "video"}


async def test_later_closed_and_framed_connections_are_seen(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?frame=call%3Fcalls%3D1")
    framed = await probe.witness.report(lambda r: states(r) == ["connected", "connected"])
    await probe.do("async () => { calls.push(await call()) }")
    both = await probe.witness.report(lambda r: states(r) == ["connected"] * 4)
    names = [connection.connection for connection in both.connections]
    assert len(set(names)) == 4
    assert {connection.connection for connection in framed.connections} < set(names)

    before = packets_received(both.connections[1])
    await probe.do(
        """() => setTimeout(() => {
            calls[0].near.close();
            calls[0].far.close();
        }, 400)"""
    )
    last = await probe.witness.report(lambda r: "closed" in states(r))
    assert states(last)[:2] == ["closed", "closed"]
    assert packets_received(last.connections[1]) > before
    after = await probe.witness.report()
    assert states(after) == ["connected", "connected"]
    told = [event.data["state"] for event in probe.witness.events("connection")]
    assert told.count("closed") == 2


async def test_the_page_does_not_notice(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            const check = (right, what) => { if (!right) throw new Error(what); };
            const connection = new RTCPeerConnection();
            check(connection instanceof RTCPeerConnection, "instanceof");
            check(connection.constructor === RTCPeerConnection, "constructor");
            check(RTCPeerConnection.name === "RTCPeerConnection", "name");
            check(RTCPeerConnection.prototype.close.name === "close", "method's name");
            check(String(RTCPeerConnection).includes("[native code]"), "source");
            check(webkitRTCPeerConnection === RTCPeerConnection, "old name");
            const certificate = await RTCPeerConnection.generateCertificate(
                { name: "ECDSA", namedCurve: "P-256" });
            check(certificate instanceof RTCCertificate, "static method");
            try { RTCPeerConnection(); check(false, "called without new"); }
            catch (error) { check(error instanceof TypeError, "error of a call without new"); }
            try { RTCPeerConnection.prototype.close.call({}); check(false, "wrong receiver"); }
            catch (error) { check(error instanceof TypeError, "error of a wrong receiver"); }
            check(WebSocket.OPEN === 1, "constants");
            check(!Object.keys(window).some((name) => name.includes("farm")), "a trace");
            connection.close();
        }"""
    )


async def test_subclasses_and_replacements_are_seen_too(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """() => {
            const native = RTCPeerConnection;
            class Mine extends RTCPeerConnection { mine() { return this.iceGatheringState; } }
            window.kept = [new Mine()];
            if (!(kept[0] instanceof Mine) || kept[0].mine() !== "new") throw new Error("subclass");
            window.RTCPeerConnection = function (...args) { return new native(...args); };
            kept.push(new RTCPeerConnection());
        }"""
    )
    report = await probe.witness.report(lambda r: r.connections)
    assert states(report) == ["new", "new"]


async def test_frames_without_an_address_are_no_way_around(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """() => {
            const blank = document.createElement("iframe");
            const written = document.createElement("iframe");
            document.body.append(blank);
            window.kept = new blank.contentWindow.RTCPeerConnection();
            written.srcdoc = "<script>window.kept = new RTCPeerConnection()</" + "script>";
            document.body.append(written);
        }"""
    )
    report = await probe.witness.report(lambda r: len(r.connections) == 2)
    assert states(report) == ["new", "new"]


async def test_closed_sockets_and_uncaught_errors_are_told(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    socket = f"{call_app}ws/4001".replace("http", "ws", 1)
    await probe.do(f"() => {{ new WebSocket('{socket}'); }}")
    await probe.do("() => { setTimeout(() => { throw new Error('not caught'); }); }")
    (closed,) = await probe.witness.until(lambda: probe.witness.events("socket_closed"))
    assert closed.data == {"url": socket, "code": 4001, "reason": "room full", "was_clean": True}
    (error,) = await probe.witness.until(lambda: probe.witness.events("page_error"))
    assert "not caught" in error.message


async def test_an_offer_counts_from_when_it_was_made(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        "async () => { window.later = new RTCPeerConnection();"
        " window.offer = await later.createOffer({offerToReceiveAudio: true}) }"
    )
    made = await probe.witness.report(lambda r: r.connections and r.connections[0].offered_s)
    await probe.do("() => later.setLocalDescription(offer)")
    (later,) = (await probe.witness.report()).connections
    assert later.offered_s == made.connections[0].offered_s
