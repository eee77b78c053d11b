"""A real browser whose media do not connect: the failure names how far they came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from farm.errors import JoinError
from farm.model.driver import WaitFor

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def failure(new_page: NewPage, url: str, within_s: float = 4.0) -> JoinError:
    probe = await new_page()
    await probe.goto(url)
    with pytest.raises(JoinError) as caught:
        await probe.page.run(WaitFor(selector="#remote", within_s=within_s))
    assert "\n" not in str(caught.value)
    return caught.value


async def test_an_address_that_cannot_be_reached_is_named(new_page: NewPage, call_app: str) -> None:
    error = await failure(new_page, f"{call_app}unreachable?candidates=192.0.2.1:50000")
    assert error.reason == "media"
    in_words = str(error)
    assert "media did not connect: connection " in in_words
    assert "ICE checking (gathering complete, checked 1 pair: " in in_words
    assert " -> 192.0.2.1:50000 udp host " in in_words
    assert "the server announces an address that this probe cannot reach" in in_words
    assert "console: Read-only field modified" in in_words, "what the page logged is still reported"


async def test_ice_that_failed_still_names_its_pairs(new_page: NewPage, call_app: str) -> None:
    url = f"{call_app}unreachable?candidates=192.0.2.1:50000,192.0.2.2:50001"
    error = await failure(new_page, url, within_s=25)
    assert error.reason == "media"
    assert "checked 2 pairs: " in str(error)
    assert "ICE failed" in str(error) or "ICE disconnected" in str(error)


async def test_a_server_without_candidates_is_reported(new_page: NewPage, call_app: str) -> None:
    error = await failure(new_page, f"{call_app}unreachable")
    assert error.reason == "media"
    assert "the server sent no candidate" in str(error)


async def test_a_handshake_that_fails_after_ice_is_reported(
    new_page: NewPage, call_app: str
) -> None:
    error = await failure(new_page, f"{call_app}unreachable?candidates=own&fingerprint=wrong")
    assert error.reason == "media"
    assert "but DTLS " in str(error)


async def test_a_connection_without_a_packet_is_reported(new_page: NewPage, call_app: str) -> None:
    error = await failure(new_page, f"{call_app}unreachable?candidates=own&muted=1")
    assert error.reason == "media"
    assert "DTLS connected, but no packet of media came" in str(error)


async def test_an_offer_without_an_answer_is_not_media(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            window.kept = new RTCPeerConnection();
            kept.addTransceiver("video");
            await kept.setLocalDescription();
        }"""
    )
    await probe.witness.report(lambda report: report.connections)
    with pytest.raises(JoinError) as caught:
        await probe.page.run(WaitFor(function="false", within_s=1.5))
    assert caught.value.reason == "timeout"


async def test_the_pages_own_complaint_comes_before_ice(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}unreachable?candidates=192.0.2.1:50000")
    await probe.do(
        """() => {
            const complaint = document.createElement("p");
            complaint.id = "error";
            complaint.textContent = "room full";
            document.body.append(complaint);
        }"""
    )
    with pytest.raises(JoinError) as caught:
        await probe.page.run(WaitFor(selector="#remote", within_s=3))
    assert caught.value.reason == "signalling"
    assert "192.0.2.1:50000" in str(caught.value)
