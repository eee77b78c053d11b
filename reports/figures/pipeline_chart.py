"""The figure of a session's pipeline, as the media server says that it is built."""

from __future__ import annotations

from farm.model.kurento_samples import KurentoTopology
from reports.exports.row_commands import OF_EVENTS
from reports.figures.chart import Chart
from reports.figures.pipeline import pipeline_as_built
from reports.series.pipeline import drawing_of


def pipeline_chart(topology: KurentoTopology | None) -> tuple[Chart, ...]:
    """None where nobody asked the server or it did not say."""
    if topology is None or not topology.elements:
        return ()
    drawing = drawing_of(topology)
    return (
        Chart(
            "pipeline",
            "The pipeline as built",
            "What the media server says it made of one session: endpoints, hub ports, recorders. "
            "An arrow is media that flows; what is coded anew on its way is marked.",
            lambda: pipeline_as_built(drawing),
            {
                "from": [drawing.boxes[arrow.source].label for arrow in drawing.arrows],
                "to": [drawing.boxes[arrow.sink].label for arrow in drawing.arrows],
                "media": [" ".join(arrow.kinds) for arrow in drawing.arrows],
                "transcoded": [" ".join(arrow.transcoded) for arrow in drawing.arrows],
            },
            OF_EVENTS,
        ),
    )
