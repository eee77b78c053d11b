"""What the figures of the machines claim: of CPU and quality no more than is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from farm.attribution import CrossCorrelation
from farm.model.criteria import InvalidLimits
from farm.model.experiment import Experiment
from reports.figures.canvas import farm_style
from reports.figures.chart import Chart
from reports.figures.machine_charts import machine_charts
from reports.series.trial import TrialSeries
from tests.reports.made_series import made_trial

SAID = "the frame rate fell as the machine's CPU rose, 2 s later (r = −0.82, −0.90 to −0.70)"
TOLD = CrossCorrelation("cpu_total", "the frame rate", 2, -0.82, (-0.9, -0.7), 240, SAID)


def of_cpu_and_quality(told: CrossCorrelation | None) -> dict[str, Chart]:
    drawn = machine_charts(made_trial(4), Experiment(), told)
    return {
        each.name: each
        for each in drawn
        if isinstance(each, Chart) and each.name in {"cpu-and-quality", "quality-against-cpu"}
    }


def headline(chart: Chart) -> str:
    with farm_style():
        return " ".join(chart.draw().get_suptitle().split())


def test_the_use_of_the_generator_has_the_whole_rule_by_which_it_makes_a_trial_invalid() -> None:
    series = made_trial(4)

    def caption(invalid: InvalidLimits, of: TrialSeries = series) -> str:
        drawn = machine_charts(of, Experiment(invalid=invalid), None)
        return next(
            each.caption for each in drawn if isinstance(each, Chart) and each.name == "host"
        )

    rule = caption(InvalidLimits())
    assert "waited longer than 1ms each time" in rule
    assert "85 % busy for 5 s and other programs used more than 20 %" in rule
    assert "Probes that keep a machine busy are no fault" in rule
    assert "other programs" not in caption(InvalidLimits(other_programs=1.0))
    limited = caption(InvalidLimits(host_cpu=0.9))
    assert "or where its cores were more than 90 % busy for 5 s" in limited
    assert "no fault" not in limited
    unseen = replace(
        series,
        hosts=tuple(
            replace(host, wait_each_s=np.full_like(host.wait_each_s, np.nan))
            for host in series.hosts
        ),
    )
    assert caption(InvalidLimits(), unseen).endswith(
        "A trial is invalid where its cores were more than 85 % busy for 5 s."
    )


@pytest.mark.parametrize("name", ["cpu-and-quality", "quality-against-cpu"])
def test_the_headline_is_the_one_relation_that_was_found(name: str) -> None:
    assert headline(of_cpu_and_quality(TOLD)[name]) == f"T{SAID[1:]}"


@pytest.mark.parametrize("name", ["cpu-and-quality", "quality-against-cpu"])
def test_a_relation_that_is_not_known_is_not_claimed(name: str) -> None:
    charts = of_cpu_and_quality(None)
    assert headline(charts[name]) == "The server's CPU and what probes received"
    assert "no correlation is known" in charts["cpu-and-quality"].caption


@pytest.mark.parametrize("name", ["cpu-and-quality", "quality-against-cpu"])
def test_the_quality_that_the_headline_names_is_drawn(name: str) -> None:
    chart = of_cpu_and_quality(TOLD)[name]
    with farm_style():
        labels = [axes.get_ylabel().replace("\n", " ") for axes in chart.draw().axes]
    assert any(label.endswith("frames/s") for label in labels)
    assert "frame_rate_mean" in chart.columns
