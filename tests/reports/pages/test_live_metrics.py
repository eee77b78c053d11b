"""The metrics of a run: names, units, labels and values, and the dashboard that shows them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from farm.model.verdict import Outcome
from farm.protocols import Progress, RoleProgress
from reports.pages.live_metrics import LiveMetrics
from tests.farm.trial_evidence import judged_trial

GAUGE_UNITS = ("_probes", "_bytes", "_bytes_per_second", "_seconds", "_ratio", "_hertz")
"""Base units of Prometheus (https://prometheus.io/docs/practices/naming/), and what is counted."""

STATE_SET = "probe_farm_phase"
"""A metric of states has no unit; its label is its own name (OpenMetrics 1.0, StateSet)."""

OTHER_UNITS = re.compile(
    "percent|milli|micro|nano|kilo|mega|giga|bits|minutes|hours|_(s|ms|bps|kb|mb|pct)(_|$)"
)


def newest_second() -> Progress:
    """One of a broadcast on two hosts: a host and the presenter have figures that are unknown."""
    return Progress(
        trial=3,
        load=5,
        phase="hold",
        joined=4,
        failed=1,
        received_bps=1_600_000.0,
        loss_ratio=0.01,
        frame_rate=20.0,
        server_cpu_percent=37.5,
        host_cpu_percent=80.0,
        left_s=12.0,
        roles=(RoleProgress("presenter", 1, 1, 0, None), RoleProgress("viewer", 4, 3, 1, 1.6e6)),
        cpu_percent_by_host={"local": 80.0, "a": 20.0, "b": None},
    )


def shown(metrics: LiveMetrics) -> dict[str, Metric]:
    """What a Prometheus server reads, by the metric's name."""
    return {each.name: each for each in text_string_to_metric_families(metrics.text().decode())}


def values(metrics: LiveMetrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Each sample, by its name and the values of its labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for metric in shown(metrics).values()
        for sample in metric.samples
    }


def all_known() -> LiveMetrics:
    metrics = LiveMetrics()
    metrics.progress(newest_second())
    metrics.trial_ended(judged_trial(0, 4, Outcome.PASS))
    return metrics


def test_each_value_is_that_of_the_newest_second_in_base_units() -> None:
    assert {
        (name, labels): value
        for (name, labels), value in values(all_known()).items()
        if name not in {STATE_SET, "probe_farm_trials_total"}
    } == {
        ("probe_farm_planned_probes", ("presenter",)): 1,
        ("probe_farm_planned_probes", ("viewer",)): 4,
        ("probe_farm_joined_probes", ("presenter",)): 1,
        ("probe_farm_joined_probes", ("viewer",)): 3,
        ("probe_farm_failed_probes", ("presenter",)): 0,
        ("probe_farm_failed_probes", ("viewer",)): 1,
        ("probe_farm_received_bytes_per_second", ("viewer",)): 200_000,
        ("probe_farm_loss_ratio", ()): 0.01,
        ("probe_farm_frame_rate_hertz", ()): 20,
        ("probe_farm_server_cpu_ratio", ()): 0.375,
        ("probe_farm_generator_cpu_ratio", ("local",)): 0.8,
        ("probe_farm_generator_cpu_ratio", ("a",)): 0.2,
    }


def test_the_trial_is_in_one_phase() -> None:
    phases = {
        labels: value for (name, labels), value in values(all_known()).items() if name == STATE_SET
    }
    assert phases.pop(("hold",)) == 1
    assert set(phases.values()) == {0}
    assert ("ramp",) in phases


def test_trials_are_counted_by_verdict_from_zero() -> None:
    metrics = LiveMetrics()
    assert set(values(metrics).values()) == {0}
    for verdict in (Outcome.PASS, Outcome.PASS, Outcome.FAIL):
        metrics.trial_ended(judged_trial(0, 4, verdict))
    assert values(metrics) == {
        ("probe_farm_trials_total", ("pass",)): 2,
        ("probe_farm_trials_total", ("fail",)): 1,
        ("probe_farm_trials_total", ("invalid",)): 0,
    }


def test_a_host_that_is_gone_and_what_is_unknown_have_no_sample() -> None:
    metrics = all_known()
    unknown: dict[str, Any] = dict.fromkeys(("loss_ratio", "frame_rate", "server_cpu_percent"))
    metrics.progress(replace(newest_second(), cpu_percent_by_host={"a": 20.0}, **unknown))
    names = [name for name, _ in values(metrics)]
    assert names.count("probe_farm_generator_cpu_ratio") == 1
    for name in ("loss_ratio", "frame_rate_hertz", "server_cpu_ratio"):
        assert f"probe_farm_{name}" not in names


def test_names_and_help_texts_follow_the_conventions_of_prometheus() -> None:
    metrics = shown(all_known())
    assert len(metrics) == 10
    for name, metric in metrics.items():
        assert re.fullmatch(r"probe_farm(_[a-z]+)+", name)
        assert not OTHER_UNITS.search(name), name
        assert not re.search("gauge|counter|metric", name), name
        assert re.fullmatch(r"[A-Z].*\.", metric.documentation), name
        labels = {label for sample in metric.samples for label in sample.labels}
        assert labels <= {"role", "host", "verdict", STATE_SET}
        assert not any(f"_{label}_" in f"{name}_" for label in labels - {STATE_SET}), name
        if metric.type == "counter":
            assert all(sample.name == f"{name}_total" for sample in metric.samples)
        else:
            assert metric.type == "gauge", name
            assert name == STATE_SET or name.endswith(GAUGE_UNITS), name
            assert not name.endswith("_total"), name


def test_the_dashboard_asks_for_metrics_and_labels_that_there_are() -> None:
    labels = {
        sample.name: set(sample.labels)
        for metric in shown(all_known()).values()
        for sample in metric.samples
    }
    dashboard = json.loads((files("infra") / "grafana" / "probe_farm.json").read_text())
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
    asked = set()
    for target in targets:
        [name] = re.findall(r"probe_farm_\w+", target["expr"])
        asked.add(name)
        grouped = re.findall(r"\bby \((.*?)\)", target["expr"])
        used = {label.strip() for each in grouped for label in each.split(",")}
        in_legend = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert used | in_legend <= labels[name], target
        assert not grouped or in_legend == used, target
    assert asked == set(labels), "each metric is on the dashboard"
