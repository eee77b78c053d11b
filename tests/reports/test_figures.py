"""Figures: the arrays that go in are what the artists show, titles say what is seen."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from farm.model.experiment import Experiment, SearchSettings
from farm.model.trial_evidence import Phases
from farm.model.verdict import Outcome
from reports.figures.by_probe import bitrate_by_session, loss_by_probe
from reports.figures.canvas import farm_style
from reports.figures.machines import generator_and_server, server_resources
from reports.figures.over_time import bitrate_over_time, loss_over_time
from reports.figures.search import capacity_by_load, cpu_by_load, search_timeline
from reports.figures.session_map import session_map
from reports.series.search import capacity_curve, search_series
from tests.farm.trial_evidence import judged_trial
from tests.reports.figure_data import figure_data, figures, golden_path, search_figures
from tests.reports.made_channels import made_quality
from tests.reports.made_series import made_search, made_trial

DRAWN = {**figures(4), **search_figures()}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_shows_its_golden_data(name: str) -> None:
    golden = json.loads(golden_path(name).read_text(encoding="utf-8"))
    _assert_alike(figure_data(DRAWN[name]()), golden, name)


def test_a_server_whose_cpu_nobody_saw_is_said_to_be_unknown() -> None:
    search = made_search()
    nothing = np.full(len(search.index), np.nan)
    server, generator = cpu_by_load(replace(search, server_cpu_percent=nothing), 0.85).axes
    assert [text.get_text() for text in server.texts] == ["unknown"]
    assert server.get_xlim() == generator.get_xlim()
    trial = made_trial(4)
    beside = generator_and_server(None, trial.hosts, trial.phases, 0.85)
    said = " ".join(beside.get_suptitle().split())
    assert said.startswith("Mean CPU in the hold: the server's is unknown and the generator's")


@pytest.mark.parametrize("probes", [2, 4, 40, 2000])
def test_every_figure_is_drawn_for_few_and_for_many(probes: int) -> None:
    for name, draw in figures(probes).items():
        with farm_style():
            figure = draw()
            figure.draw_without_rendering()
        assert figure.get_suptitle(), name
        for axes in figure.axes:
            beside = axes.get_shared_y_axes().get_siblings(axes)
            named = [each.get_ylabel() or each.get_title() for each in [axes, *beside]]
            assert any(named), f"{name} has an axis without a name"


def test_no_legend_covers_data() -> None:
    for name, draw in DRAWN.items():
        with farm_style():
            figure = draw()
            figure.draw_without_rendering()
        for legend in figure.legends:
            box = legend.get_window_extent()
            for axes in figure.axes:
                assert not box.overlaps(axes.get_window_extent()), name


def test_titles_and_legends_fit_into_the_figure() -> None:
    for name, draw in {**figures(4), **figures(2000), **search_figures()}.items():
        with farm_style():
            figure = draw()
            figure.draw_without_rendering()
        title = figure._suptitle  # type: ignore[attr-defined]
        for artist in [title, *figure.legends]:
            assert artist.get_window_extent().x1 <= figure.bbox.x1, name


def test_the_weaker_half_of_a_call_is_named_with_what_its_partner_sent() -> None:
    title = bitrate_by_session("video", made_trial(4).by_probe, mixed=False).get_suptitle()
    title = " ".join(title.split())
    assert title.startswith("p003 of s001 received the lowest bitrate: 373 kbit/s, while p002 sent")


def test_in_a_mixed_room_nobody_receives_what_another_sent() -> None:
    title = bitrate_by_session("video", made_trial(4).by_probe, mixed=True).get_suptitle()
    assert title == "p003 of s001 received the lowest bitrate: 373 kbit/s"


def test_the_lossy_probe_comes_first() -> None:
    figure = loss_by_probe(made_trial(4).by_probe, 0.01)
    assert next(label.get_text() for label in figure.axes[0].get_xticklabels()) == "p003"
    assert figure.get_suptitle().startswith("1 of 4 probes lost more than 1 %")


def test_a_clean_trial_is_called_clean() -> None:
    trial = made_trial(4, spoilt=False)
    assert loss_over_time(trial.loss, trial.phases, trial.by_probe, 10.0, 0.01).get_suptitle() == (
        "No post-repair loss on the way to probes in the hold"
    )
    assert session_map(made_quality(4, spoilt=False)).get_suptitle() == (
        "No window of 2 sessions went beyond a limit"
    )


def test_what_nobody_saw_is_not_called_clean() -> None:
    trial = made_trial(4, spoilt=False)
    unseen = np.array([np.nan, 0.0, 0.0, 0.0])
    held = replace(trial.by_probe, lost_down=unseen, lost_up=np.full(4, np.nan))
    said = " ".join(
        loss_over_time(trial.loss, trial.phases, held, 10.0, 0.01).get_suptitle().split()
    )
    assert said == (
        "No post-repair loss on the way to probes in the hold; unknown for 1 of 4 probes"
    )
    said = " ".join(loss_by_probe(held, 0.01).get_suptitle().split())
    assert said == (
        "No post-repair loss was seen in the hold; loss down unknown for 1, loss up unknown for 4"
    )
    silent = {
        kind: np.array([np.nan, *rates[1:]]) for kind, rates in trial.by_probe.received_bps.items()
    }
    presenter = replace(trial.by_probe, lost_down=unseen, received_bps=silent)
    said = loss_over_time(trial.loss, trial.phases, presenter, 10.0, 0.01).get_suptitle()
    assert " ".join(said.split()) == (
        "No post-repair loss on the way to probes in the hold; 1 of 4 probes received nothing"
    )
    quality = made_quality(4, spoilt=False)
    used = quality.used.copy()
    used[0, 0] = np.nan
    said = " ".join(session_map(replace(quality, used=used)).get_suptitle().split())
    assert said.startswith("No window that was seen (1 of ")


def test_one_look_at_the_server_is_no_course() -> None:
    trial = made_trial(4)
    assert trial.server is not None
    memory = np.full(trial.server.time_s.shape, np.nan)
    memory[30] = 120e6
    once = replace(trial.server, process_rss_bytes=memory)
    assert server_resources(once, trial.phases).get_suptitle() == (
        "The media server's memory was seen once: 114 MiB"
    )


def test_a_mean_of_little_of_the_hold_is_said_to_be() -> None:
    trial = made_trial(4)
    assert trial.server is not None
    cpu = np.full(trial.server.time_s.shape, np.nan)
    cpu[30] = 43.0
    once = replace(trial.server, cpu_percent=cpu, hold_cpu_percent=43.0)
    said = generator_and_server(once, trial.hosts, trial.phases, 0.85).get_suptitle()
    assert "the server's 43 % (seen for 1 of 60 s)" in " ".join(said.split())


@pytest.mark.parametrize("interval", [(None, 2), (8, None)])
def test_an_interval_that_one_side_bounds_is_a_band_to_the_edge(
    interval: tuple[int | None, int | None],
) -> None:
    """Also where its bound is the smallest or the largest load that was tried."""
    results = [judged_trial(0, 2, Outcome.PASS), judged_trial(1, 8, Outcome.FAIL)]
    curve = capacity_curve(Experiment(search=SearchSettings(maximum=40)), results)
    loads, chance = np.array([2.0, 8.0]), np.array([0.6, 0.1])
    curve = replace(curve, loads=loads, chance=chance, interval=interval)
    axes = capacity_by_load(search_series(results), curve).axes[0]
    (band,) = axes.patches
    assert isinstance(band, Rectangle)
    edge = axes.get_xlim()[0 if interval[0] is None else 1]
    assert edge in (band.get_x(), band.get_x() + band.get_width())
    assert band.get_width() > 0


def test_no_curve_is_drawn_where_no_trial_was() -> None:
    """After a trial that was invalid all that is there is what was believed beforehand."""
    experiment = Experiment(search=SearchSettings(maximum=40))

    def drawn(*outcomes: tuple[int, Outcome]) -> tuple[str, list[float]]:
        results = [judged_trial(at, *each) for at, each in enumerate(outcomes)]
        figure = capacity_by_load(search_series(results), capacity_curve(experiment, results))
        figure.draw_without_rendering()
        known = [
            float(x)
            for line in figure.axes[0].lines
            if line.get_label() == "trials that pass, estimated from all trials"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
            if np.isfinite(y)
        ]
        return " ".join(figure.get_suptitle().split()), known

    title, known = drawn((2, Outcome.INVALID))
    assert (title, known) == ("The capacity is unknown: no trial tells anything of the server", [])
    title, known = drawn((2, Outcome.PASS), (8, Outcome.INVALID))
    assert known == [2.0]
    title, known = drawn((2, Outcome.PASS), (4, Outcome.PASS), (8, Outcome.PASS))
    assert (min(known), max(known)) == (2.0, 8.0)
    assert title.startswith("The capacity is ")
    assert "most likely" not in title
    title, known = drawn((2, Outcome.PASS), (4, Outcome.PASS), (8, Outcome.FAIL))
    assert (min(known), max(known)) == (2.0, 8.0)
    assert "most likely" in title


def test_many_probes_are_shown_by_quantiles_and_few_are_not() -> None:
    def labels(probes: int) -> list[str]:
        trial = made_trial(probes)
        figure = bitrate_over_time(
            "video",
            trial.sent_bps["video"],
            trial.received_bps["video"],
            trial.phases,
            trial.by_probe,
        )
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert "received: middle 80 % of the probes" not in labels(40)
    assert "received: middle 80 % of the probes" in labels(42)


def test_one_silent_probe_among_thousands_reaches_to_zero() -> None:
    probes = made_trial(2000, spoilt=False).by_probe
    probes.received_bps["video"][1234] = 0.0
    figure = bitrate_by_session("video", probes, mixed=False)
    lowest = [
        area.get_paths()[0].vertices[:, 1].min()
        for area in figure.axes[1].collections
        if str(area.get_label()).endswith("lowest to highest probe")
    ]
    assert lowest == [0.0]
    assert figure.get_suptitle().startswith("p1234 of s617 received the lowest bitrate")


def test_a_trial_that_never_reached_its_hold_is_drawn() -> None:
    trial = made_trial(4)
    phases = Phases(ramp_s=100.0)
    with farm_style():
        figure = bitrate_over_time(
            "video", trial.sent_bps["video"], trial.received_bps["video"], phases, trial.by_probe
        )
        figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[0].texts] == ["ramp"]


def test_verdicts_differ_by_shape() -> None:
    axes = search_timeline(made_search()).axes[0]
    shapes = {
        line.get_label(): line.get_marker()
        for line in axes.lines
        if line.get_label() in {"pass", "fail", "invalid"}
    }
    assert len(set(shapes.values())) == 3


def test_the_headline_of_a_search_claims_no_more_than_its_bounds() -> None:
    """A search whose trials ran out is drawn alike, and has not closed in."""
    headline = search_timeline(made_search()).get_suptitle()
    assert headline == "Up to 12 probes passed; the smallest load that failed is 14 probes"


def test_the_headline_of_a_search_at_one_load_names_it_once() -> None:
    search = made_search()
    mixed = replace(search, load=np.full_like(search.load, 3.0))
    headline = search_timeline(mixed).get_suptitle()
    assert headline == "At 3 probes some trials passed and some failed"


def test_bounds_close_in() -> None:
    search = made_search()
    assert search.largest_passed()[-1] == 12
    assert np.isnan(search.smallest_failed()[:4]).all()
    assert list(search.smallest_failed()[4:]) == [16, 16, 16, 14, 14]


def _assert_alike(seen: Any, golden: Any, place: str) -> None:
    if isinstance(golden, dict):
        assert set(seen) == set(golden), place
        for key in golden:
            _assert_alike(seen[key], golden[key], f"{place}.{key}")
    elif isinstance(golden, list):
        assert len(seen) == len(golden), place
        for i, (one, other) in enumerate(zip(seen, golden, strict=True)):
            _assert_alike(one, other, f"{place}[{i}]")
    elif isinstance(golden, float | int) and isinstance(seen, float | int):
        assert math.isclose(seen, golden, rel_tol=1e-4, abs_tol=1e-6), f"{place}: {seen} {golden}"
    else:
        assert seen == golden, place
