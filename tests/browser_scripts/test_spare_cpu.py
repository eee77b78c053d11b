"""Work that is left out, unnoticed by the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def test_voices_are_not_processed_and_what_was_asked_for_stays(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            const check = (right, what) => { if (!right) throw new Error(what); };
            const media = navigator.mediaDevices;
            const asked = { audio: true, video: { width: 320, height: 240, frameRate: 10 } };
            const stream = await media.getUserMedia(asked);
            const [audio] = stream.getAudioTracks(), [video] = stream.getVideoTracks();
            for (const name of ["echoCancellation", "noiseSuppression", "autoGainControl"]) {
                check(audio.getSettings()[name] === false, name);
            }
            check(video.getSettings().width === 320, "width");
            check(video.getSettings().frameRate === 10, "frame rate");
            check(asked.audio === true, "the page's own object");

            const wished = { audio: { echoCancellation: true, channelCount: 1 } };
            const [wish] = (await media.getUserMedia(wished)).getAudioTracks();
            check(wish.getSettings().echoCancellation === false, "asked for by the page");
            const [old] = (await media.getUserMedia({ audio: { mandatory: {} } })).getTracks();
            check(old.kind === "audio", "constraints of old");
            const [only] = (await media.getUserMedia({ video: true })).getTracks();
            check(only.kind === "video", "video alone");
            try { await media.getUserMedia(); check(false, "nothing asked for"); }
            catch (error) { check(error instanceof TypeError, "the error for nothing"); }
            check(media.getUserMedia.name === "getUserMedia", "name");
        }"""
    )
