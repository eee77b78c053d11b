"""A pipeline as it is built -> boxes and arrows. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.kurento_samples import KurentoConnection, KurentoElement, KurentoTopology
from farm.model.webrtc_stats import MediaKind

MANY = 6
"""More elements than so many that do alike are one box with a number."""

COLUMNS: Mapping[str, int] = {"PlayerEndpoint": 0, "WebRtcEndpoint": 1, "HubPort": 2}
"""From left to right; what is not named (hubs, recorders) stands to the right of all."""

_LAST = 3


@dataclass(frozen=True, slots=True)
class Box:
    """`count` elements of one type, at a column and a row of it."""

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
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing_of(topology: KurentoTopology) -> Drawing:
    """Elements that do alike become one box where there are many of them."""
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
    """The box of each element: its own, or that of all which do alike."""
    types = {element.id: element.type for element in topology.elements}
    does: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for way in topology.connections:
        does[way.source].add(("to", types.get(way.sink, ""), way.kind, str(way.transcoded)))
        does[way.sink].add(("from", types.get(way.source, ""), way.kind, str(way.transcoded)))
    alike = {each.id: repr((each.type, sorted(does[each.id]))) for each in topology.elements}
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
    # A port belongs to its hub by its name, not by a connection.
    belongs = {
        (index[box_of[element.id]], index[box_of[hub]])
        for element in topology.elements
        if (hub := element.id.rpartition("/")[0]) in box_of
    }
    return [*arrows, *(Arrow(port, hub, (), ()) for port, hub in sorted(belongs))]
