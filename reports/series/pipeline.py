"""Boxes and arrows of a drawing of a Kurento pipeline. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.kurento_samples import KurentoConnection, KurentoElement, KurentoTopology
from farm.model.webrtc_stats import MediaKind

MANY = 6
"""Most elements with the same connections that are drawn one by one; more become one box."""

COLUMNS: Mapping[str, int] = {"PlayerEndpoint": 0, "WebRtcEndpoint": 1, "HubPort": 2}
"""Columns from left to right; other types (hubs, recorders) are in the last one."""

_LAST = 3


@dataclass(frozen=True, slots=True)
class Box:
    """`count` elements of one type, drawn as one box in a column and row."""

    type: str
    count: int
    column: int
    row: int

    @property
    def label(self) -> str:
        return self.type if self.count == 1 else f"{self.type} x {self.count}"


@dataclass(frozen=True, slots=True)
class Arrow:
    """Media from one box (an index) to another; a hub and its ports have no kinds."""

    source: int
    sink: int
    kinds: tuple[MediaKind, ...]
    transcoded: tuple[MediaKind, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The boxes and arrows of a pipeline."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing_of(topology: KurentoTopology) -> Drawing:
    """The drawing of a pipeline; many elements with the same connections become one box."""
    box_of = _boxes(topology)
    members: defaultdict[str, list[KurentoElement]] = defaultdict(list)
    for element in topology.elements:
        members[box_of[element.id]].append(element)
    rows: Counter[int] = Counter()
    boxes: list[Box] = []
    for elements in members.values():
        column = COLUMNS.get(elements[0].type, _LAST)
        boxes.append(Box(elements[0].type, len(elements), column, rows[column]))
        rows[column] += 1
    index = {name: at for at, name in enumerate(members)}
    return Drawing(tuple(boxes), tuple(_arrows(topology, box_of, index)))


def _boxes(topology: KurentoTopology) -> dict[str, str]:
    """The box of each element: its own, or one for all with the same connections."""
    types = {element.id: element.type for element in topology.elements}
    links: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for way in topology.connections:
        links[way.source].add(("to", types.get(way.sink, ""), way.kind, str(way.transcoded)))
        links[way.sink].add(("from", types.get(way.source, ""), way.kind, str(way.transcoded)))
    alike = {each.id: repr((each.type, sorted(links[each.id]))) for each in topology.elements}
    counts = Counter(alike.values())
    return {id: group if counts[group] > MANY else id for id, group in alike.items()}


def _arrows(
    topology: KurentoTopology, box_of: Mapping[str, str], index: Mapping[str, int]
) -> list[Arrow]:
    ways: defaultdict[tuple[int, int], list[KurentoConnection]] = defaultdict(list)
    for way in topology.connections:
        if way.source in box_of and way.sink in box_of:
            ways[index[box_of[way.source]], index[box_of[way.sink]]].append(way)
    arrows = [
        Arrow(
            source,
            sink,
            tuple(sorted({way.kind for way in some})),
            tuple(sorted({way.kind for way in some if way.transcoded})),
        )
        for (source, sink), some in ways.items()
    ]
    # A port is tied to its hub by its name, not by a connection.
    belongs = {
        (index[box_of[element.id]], index[box_of[hub]])
        for element in topology.elements
        if (hub := element.id.rpartition("/")[0]) in box_of
    }
    return [*arrows, *(Arrow(port, hub, (), ()) for port, hub in sorted(belongs))]
