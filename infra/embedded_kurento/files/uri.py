"""UriEndpoint: an element that plays or records a file, with start, pause and stop."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.files.places import check_scheme
from infra.embedded_kurento.objects import MediaObject, ObjectTree, reads


class UriState(StrEnum):
    """Kurento's UriEndpointState."""

    STOP = "STOP"
    START = "START"
    PAUSE = "PAUSE"


class UriEndpoint(MediaElement):
    """An element with a file: `path` once it was used; `place` finds the file that `uri` names.

    Raises `not_supported` for schemes other than file.
    """

    def __init__(
        self,
        tree: ObjectTree,
        parent: MediaObject,
        object_id: str,
        uri: str,
        place: Callable[[str], Path],
    ) -> None:
        check_scheme(uri)
        self._uri = uri
        self._place = place
        self.path = Path()
        super().__init__(tree, parent, object_id)
        self.values["uri"] = uri
        self.state = UriState.STOP

    @reads("state")
    def read_state(self) -> str:
        return self.state

    def look_up(self) -> None:
        """Find the file, at each use: a folder of its path may have become a link."""
        self.path = self._place(self._uri)

    def change(self, state: UriState) -> None:
        """Change the state, and send its event."""
        self.state = state
        self.emit("UriEndpointStateChanged", state=state.value)

    def fail(self, message: str) -> None:
        """Send an Error event about a file that cannot be used."""
        self.state = UriState.STOP
        self.emit("Error", description=message, errorCode=0, type="UNEXPECTED_ELEMENT_ERROR")
