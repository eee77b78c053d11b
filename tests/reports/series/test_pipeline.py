"""Boxes and arrows of pipelines."""

from __future__ import annotations

from farm.model.kurento_samples import KurentoConnection, KurentoElement, KurentoTopology
from reports.series.pipeline import Arrow, drawing_of

CALL = KurentoTopology(
    (
        KurentoElement("p/a", "WebRtcEndpoint"),
        KurentoElement("p/b", "WebRtcEndpoint"),
        KurentoElement("p/r", "RecorderEndpoint"),
    ),
    (
        KurentoConnection("p/a", "p/b", "audio", False),
        KurentoConnection("p/a", "p/b", "video", False),
        KurentoConnection("p/b", "p/a", "video", True),
        KurentoConnection("p/a", "p/r", "video", None),
    ),
)


def room(members: int) -> KurentoTopology:
    ends = [KurentoElement(f"p/e{number}", "WebRtcEndpoint") for number in range(members)]
    ports = [KurentoElement(f"p/hub/h{number}", "HubPort") for number in range(members)]
    both = [
        KurentoConnection(source.id, sink.id, "video", source is port)
        for end, port in zip(ends, ports, strict=True)
        for source, sink in ((end, port), (port, end))
    ]
    return KurentoTopology((*ends, *ports, KurentoElement("p/hub", "Composite")), tuple(both))


def test_a_call_is_drawn_element_by_element() -> None:
    drawing = drawing_of(CALL)
    assert [(box.label, box.column, box.row) for box in drawing.boxes] == [
        ("WebRtcEndpoint", 1, 0),
        ("WebRtcEndpoint", 1, 1),
        ("RecorderEndpoint", 3, 0),
    ]
    assert drawing.arrows == (
        Arrow(0, 1, ("audio", "video"), ()),
        Arrow(1, 0, ("video",), ("video",)),
        Arrow(0, 2, ("video",), ()),
    )


def test_ports_belong_to_their_hub_without_a_connection() -> None:
    drawing = drawing_of(room(2))
    hub = next(at for at, box in enumerate(drawing.boxes) if box.type == "Composite")
    assert [arrow.source for arrow in drawing.arrows if arrow.sink == hub] == [2, 3]


def test_many_that_do_alike_are_one_box() -> None:
    drawing = drawing_of(room(12))
    assert [box.label for box in drawing.boxes] == [
        "WebRtcEndpoint x 12",
        "HubPort x 12",
        "Composite",
    ]
    assert Arrow(1, 0, ("video",), ("video",)) in drawing.arrows


def test_a_viewer_in_a_crowd_differs_from_the_presenter() -> None:
    ends = [KurentoElement(f"p/e{number}", "WebRtcEndpoint") for number in range(100)]
    ways = [KurentoConnection("p/e0", each.id, "video", False) for each in ends[1:]]
    drawing = drawing_of(KurentoTopology(tuple(ends), tuple(ways)))
    assert [box.count for box in drawing.boxes] == [1, 99]
    assert drawing.arrows == (Arrow(0, 1, ("video",), ()),)
