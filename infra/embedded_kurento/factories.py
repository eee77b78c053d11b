"""The types that this server can create; a new type of element is one more line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from infra.embedded_kurento.composite.hub import Composite, HubPort
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.files.player import PlayerEndpoint
from infra.embedded_kurento.files.recorder import RecorderEndpoint
from infra.embedded_kurento.objects import MediaObject
from infra.embedded_kurento.pipeline import MediaPipeline, PassThrough
from infra.embedded_kurento.webrtc.endpoint import Network, WebRtcEndpoint

Factory = Callable[..., MediaObject]
"""Called with the tree, the parent, the id, and the constructor's other parameters by name."""


def factories(network: Network, places: Places) -> Mapping[str, Factory]:
    """The factories of `create`, by Kurento's type name."""
    return {
        "Composite": Composite,
        "HubPort": HubPort,
        "MediaPipeline": MediaPipeline,
        "PassThrough": PassThrough,
        "PlayerEndpoint": partial(PlayerEndpoint, places=places),
        "RecorderEndpoint": partial(RecorderEndpoint, places=places),
        "WebRtcEndpoint": partial(WebRtcEndpoint, network=network),
    }
