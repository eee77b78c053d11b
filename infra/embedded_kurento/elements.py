"""The parts that media elements share: connections by kind, and events about flowing media.

An element passes its sources and sinks, one for each kind, to `give` and `take`, which does the
rest: `connect` and `disconnect`, connection lists, and the events ElementConnected,
ElementDisconnected, MediaFlowIn/OutStateChanged and MediaTranscodingStateChanged. "In" is what
comes into the element from another one, "out" what it gives to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from infra.embedded_kurento.errors import not_supported
from infra.embedded_kurento.media import Absorber, MediaKind, MediaSink, MediaSource
from infra.embedded_kurento.objects import Json, MediaObject, ObjectTree, complex_type, operation

FLOW_TIMEOUT_S = 2.0
"""A kind of media without packets for so long is NOT_FLOWING (a real Kurento takes 2 to 3 s)."""

UNLIMITED_BITRATE_BPS = 2147483647


class Direction(StrEnum):
    IN = "In"
    OUT = "Out"


@dataclass(frozen=True, slots=True)
class Connection:
    """One kind of media from one element to another."""

    source: MediaElement
    sink: MediaElement
    kind: MediaKind

    def as_json(self) -> Json:
        return complex_type(
            "ElementConnectionData",
            source=self.source.id,
            sink=self.sink.id,
            type=self.kind.value,
            sourceDescription="default",
            sinkDescription="default",
        )


class MediaElement(MediaObject):
    """An object that media flows into, out of, or both."""

    def __init__(self, tree: ObjectTree, parent: MediaObject, object_id: str) -> None:
        super().__init__(tree, parent, object_id)
        self.sources: dict[MediaKind, MediaSource] = {}
        self.sinks: dict[MediaKind, MediaSink] = {}
        self.connections: list[Connection] = []
        self.values |= {
            "encoderBitrate": 300000,
            "minEncoderBitrate": 0,
            "maxEncoderBitrate": UNLIMITED_BITRATE_BPS,
        }
        self._number = tree.count(self.type_name)
        self._bins = {
            kind: f"{self.bin_prefix}_kmsagnosticbin2-{tree.count('agnosticbin')}"
            for kind in (MediaKind.AUDIO, MediaKind.VIDEO)
        }
        self._transcoding: dict[MediaKind, bool] = {}
        self.give(MediaSource(MediaKind.DATA))
        self.take(Absorber(MediaKind.DATA))

    @property
    def bin_prefix(self) -> str:
        return f"kms{self.type_name.lower()}{self._number}"

    def give(self, source: MediaSource) -> None:
        """Offer a kind of media to other elements."""
        self.sources[source.kind] = source
        source.flow.changed = partial(self._flow_changed, Direction.OUT, source.kind)

    def take(self, sink: MediaSink) -> None:
        """Accept a kind of media from other elements."""
        self.sinks[sink.kind] = sink
        sink.flow.changed = partial(self._flow_changed, Direction.IN, sink.kind)

    def look_at_flow(self, now_s: float) -> None:
        """Detect media that has stopped; the pipeline calls it twice a second."""
        for source in self.sources.values():
            source.flow.look(now_s, FLOW_TIMEOUT_S)
        for sink in self.sinks.values():
            sink.flow.look(now_s, FLOW_TIMEOUT_S)

    async def close(self) -> None:
        for connection in list(self.connections):
            _cut(connection)

    @operation
    def connect(
        self,
        sink: MediaElement,
        media_type: str | None = None,
        source_media_description: str | None = None,
        sink_media_description: str | None = None,
    ) -> None:
        """Feed `sink` with one kind, or with every kind that both have."""
        _only_default(source_media_description, sink_media_description)
        for kind in _kinds(media_type):
            if kind in self.sources and kind in sink.sinks:
                _join(Connection(self, sink, kind))

    @operation
    def disconnect(
        self,
        sink: MediaElement,
        media_type: str | None = None,
        source_media_description: str | None = None,
        sink_media_description: str | None = None,
    ) -> None:
        _only_default(source_media_description, sink_media_description)
        for kind in _kinds(media_type):
            connection = Connection(self, sink, kind)
            if connection in self.connections:
                _cut(connection)

    @operation
    def get_sink_connections(
        self, media_type: str | None = None, description: str | None = None
    ) -> list[Json]:
        """The connections to the elements that this one feeds."""
        fed = [each for each in self.connections if each.source is self]
        return _listed(fed, media_type, description)

    @operation
    def get_source_connections(
        self, media_type: str | None = None, description: str | None = None
    ) -> list[Json]:
        """The connections from the elements that feed this one."""
        feeding = [each for each in self.connections if each.sink is self]
        return _listed(feeding, media_type, description)

    @operation
    def is_media_flowing_in(
        self, media_type: str, sink_media_description: str | None = None
    ) -> bool:
        _only_default(sink_media_description)
        sink = self.sinks.get(MediaKind(media_type))
        return sink is not None and sink.flow.flowing

    @operation
    def is_media_flowing_out(
        self, media_type: str, source_media_description: str | None = None
    ) -> bool:
        _only_default(source_media_description)
        source = self.sources.get(MediaKind(media_type))
        return source is not None and source.flow.flowing

    @operation
    def is_media_transcoding(self, media_type: str, bin_name: str | None = None) -> bool:
        kind = MediaKind(media_type)
        if bin_name is not None and bin_name != self._bins.get(kind):
            return False
        return self._transcoding.get(kind, False)

    def _flow_changed(self, direction: Direction, kind: MediaKind, flowing: bool) -> None:
        if direction is Direction.IN and flowing:
            for connection in self.connections:
                if connection.sink is self and connection.kind is kind:
                    connection.source._announce_transcoding(kind, self.sinks[kind].decodes)
        self.emit(
            f"MediaFlow{direction}StateChanged",
            mediaType=kind.value,
            padName="default",
            state="FLOWING" if flowing else "NOT_FLOWING",
        )

    def _announce_transcoding(self, kind: MediaKind, transcoding: bool) -> None:
        if self._transcoding.get(kind) == transcoding:
            return
        self._transcoding[kind] = transcoding
        self.emit(
            "MediaTranscodingStateChanged",
            binName=self._bins[kind],
            mediaType=kind.value,
            state="TRANSCODING" if transcoding else "NOT_TRANSCODING",
        )


def _join(connection: Connection) -> None:
    source, sink, kind = connection.source, connection.sink, connection.kind
    if connection in source.connections:
        return
    for each in list(sink.connections):
        if each.sink is sink and each.kind is kind:
            _cut(each)
    source.connections.append(connection)
    if sink is not source:
        sink.connections.append(connection)
    source.sources[kind].attach(sink.sinks[kind])
    source.emit("ElementConnected", **_event(connection))


def _cut(connection: Connection) -> None:
    source, sink, kind = connection.source, connection.sink, connection.kind
    source.connections.remove(connection)
    if sink is not source:
        sink.connections.remove(connection)
    source.sources[kind].detach(sink.sinks[kind])
    source.emit("ElementDisconnected", **_event(connection))


def _event(connection: Connection) -> dict[str, Json]:
    return {
        "mediaType": connection.kind.value,
        "sink": connection.sink.id,
        "sinkMediaDescription": "default",
        "sourceMediaDescription": "default",
    }


def _listed(
    connections: list[Connection], media_type: str | None, description: str | None
) -> list[Json]:
    """Connections of the kinds asked for, by kind and age, as Kurento lists them."""
    _only_default(description)
    kinds = _kinds(media_type)
    found = [each for each in connections if each.kind in kinds]
    return [each.as_json() for each in sorted(found, key=_order)]


def _order(connection: Connection) -> tuple[str, float, float]:
    return connection.kind.value, connection.source.created_at, connection.sink.created_at


def _kinds(media_type: str | None) -> list[MediaKind]:
    return list(MediaKind) if media_type is None else [MediaKind(media_type)]


def _only_default(*descriptions: str | None) -> None:
    """Refuse other pads: elements here have one for each kind, `default` as Kurento's first."""
    for description in descriptions:
        if description not in {None, "", "default"}:
            raise not_supported(f"Media description '{description}'")
