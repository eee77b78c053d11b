"""Records one page's stream to a file on the media server, from its first media to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from farm.errors import KurentoLost, KurentoRefused, KurentoTimeout
from farm.kurento import KurentoEvent, MediaObject

_PROFILES = {
    frozenset({"AUDIO", "VIDEO"}): "WEBM",
    frozenset({"VIDEO"}): "WEBM_VIDEO_ONLY",
    frozenset({"AUDIO"}): "WEBM_AUDIO_ONLY",
}

_log = logging.getLogger(__name__)


def sent_kinds(offer: str) -> frozenset[str]:
    """Return which of `AUDIO` and `VIDEO` an SDP offer promises to send (RFC 8866, 6.7)."""
    kinds = set()
    for section in offer.split("\nm=")[1:]:
        lines = section.splitlines()
        kind = lines[0].split(" ")[0].upper()
        if kind in ("AUDIO", "VIDEO") and not {"a=recvonly", "a=inactive"} & set(lines):
            kinds.add(kind)
    return frozenset(kinds)


class Recorder:
    """A RecorderEndpoint that starts once all of the page's media flows.

    Started earlier it would wait for tracks, and the file's length would not be the call's.
    """

    def __init__(
        self, recorder: MediaObject, kinds: frozenset[str], on_error: Callable[[str], None]
    ) -> None:
        self._recorder = recorder
        self._missing = set(kinds)
        self._on_error = on_error
        self._started = False

    @classmethod
    async def create(
        cls,
        pipeline: MediaObject,
        endpoint: MediaObject,
        uri: str,
        offer: str,
        on_error: Callable[[str], None],
    ) -> Recorder | None:
        """Record to `uri`, on the media server's own file system, what `endpoint` receives.

        `None` when the offer sends nothing. `on_error` is called with one line on later errors.
        """
        kinds = sent_kinds(offer)
        if not kinds:
            return None
        params = {
            "mediaPipeline": pipeline,
            "uri": uri,
            "mediaProfile": _PROFILES[kinds],
            "stopOnEndOfStream": False,
        }
        made = cls(await pipeline.client.create("RecorderEndpoint", params), kinds, on_error)
        await made._recorder.subscribe("Error", made._failed)
        await endpoint.subscribe("MediaFlowOutStateChanged", made._flow)
        await endpoint.connect(made._recorder)
        return made

    async def close(self) -> None:
        """Finish the file and release the recorder. Raises only `KurentoLost`."""
        try:
            if self._started:
                await self._recorder.invoke("stopAndWait")
        except (KurentoRefused, KurentoTimeout) as error:
            _log.warning("a recording was not stopped: %s", error)
        try:
            await self._recorder.release()
        except (KurentoRefused, KurentoTimeout) as error:
            _log.warning("a recorder was not released: %s", error)

    async def _flow(self, event: KurentoEvent) -> None:
        if event.data.get("state") != "FLOWING":
            return
        self._missing.discard(str(event.data.get("mediaType")))
        if self._missing or self._started:
            return
        self._started = True
        try:
            await self._recorder.invoke("record")
        except KurentoLost:
            pass  # `on_lost` reports that the server is gone
        except (KurentoRefused, KurentoTimeout) as error:
            self._on_error(str(error))

    def _failed(self, event: KurentoEvent) -> None:
        self._on_error(str(event.data.get("description", "the media server does not say why")))
