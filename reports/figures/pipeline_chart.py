"""The chart of a session's pipeline, as the media server reported it."""

from __future__ import annotations

from farm.model.kurento_samples import KurentoTopology
from reports.exports.row_commands import OF_EVENTS
from reports.figures.chart import Chart
from reports.figures.pipeline import pipeline_as_built
from reports.series.pipeline import drawing_of


def pipeline_chart(topology: KurentoTopology | None) -> tuple[Chart, ...]:
    """The chart; none where the server was not asked or did not report its pipeline."""
    if topology is None or not topology.elements:
        return ()
    drawing = drawing_of(topology)
    return (
        Chart(
            "pipeline",
            "The pipeline as built",
            "The elements that the media server reported for one session: endpoints, hub ports, "
            "recorders. An arrow is media that flows; transcoded media are marked.",
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
