"""UriEndpoint: an element whose media is in a file, started, paused and stopped."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.errors import not_supported
from infra.embedded_kurento.objects import MediaObject, ObjectTree, reads

DEFAULT_PATH = Path("/var/lib/kurento")
"""Where an uri without a scheme lies (Kurento's `defaultPath`)."""


class UriState(StrEnum):
    """Kurento's UriEndpointState."""

    STOP = "STOP"
    START = "START"
    PAUSE = "PAUSE"


class UriEndpoint(MediaElement):
    """`path` is the file that `uri` names. Raises `not_supported` for other schemes than file."""

    def __init__(self, tree: ObjectTree, parent: MediaObject, object_id: str, uri: str) -> None:
        self.path = _path(uri)
        super().__init__(tree, parent, object_id)
        self.values["uri"] = uri
        self.state = UriState.STOP

    @reads("state")
    def read_state(self) -> str:
        return self.state

    def change(self, state: UriState) -> None:
        """Go to a state, and tell."""
        self.state = state
        self.emit("UriEndpointStateChanged", state=state.value)

    def fail(self, message: str) -> None:
        """Tell of a file that cannot be used."""
        self.state = UriState.STOP
        self.emit("Error", description=message, errorCode=0, type="UNEXPECTED_ELEMENT_ERROR")


def _path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme not in {"", "file"}:
        raise not_supported(f"An uri that is no file: '{uri}'")
    return DEFAULT_PATH / unquote(parts.path)
