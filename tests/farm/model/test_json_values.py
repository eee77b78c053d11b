"""Values become JSON and come back as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from farm.model.experiment import Experiment, NetworkSettings
from farm.model.json_values import from_jsonable, from_text, to_jsonable, to_line
from farm.model.trial_evidence import Phases
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason, Verdict, WorstSession
from tests.synthetic import call_plan, host_sample, manifest, server_sample


@pytest.mark.parametrize(
    "value",
    [
        call_plan(sessions=2),
        host_sample(1.0),
        server_sample(1.0),
        manifest(),
        Experiment(network=NetworkSettings(latency_s=0.1, probes=("p000",))),
        TrialResult(
            index=3,
            load=8,
            purpose="search",
            verdict=Verdict(
                Outcome.FAIL,
                (Reason("loss", "p001 lost 4 %", probe="p001", value=0.04, limit=0.01, at_s=12.5),),
                units=4,
                units_failed=1,
                established=4,
                worst_session=WorstSession("s000", 0.04, 410_000.0, 19.5),
                notes=("the server was not clean after the reset",),
            ),
            phases=Phases(0.0, 4.0, 14.0, 44.0, 46.0),
            server_cpu_percent=61.5,
            server_process_cpu_percent=None,
            host_cpu_percent=50.0,
            video_bitrate_bps=498_000.0,
            residual_loss_ratio=0.01,
            frame_rate=20.0,
            setup_median_s=0.5,
            setup_worst_s=None,
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_value_that_is_written_comes_back(value: Any) -> None:
    assert from_jsonable(type(value), json.loads(to_line(value))) == value


def test_what_json_does_not_have_is_never_written() -> None:
    line = to_line({"rate": float("nan"), "limits": [float("inf"), 1.5]})
    assert line == '{"rate": null, "limits": [null, 1.5]}\n'


def test_what_has_no_json_form_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_jsonable({"what": object()})


@dataclass(frozen=True)
class Written:
    name: str
    kind: Literal["a", "b"] = "a"
    where: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    span: tuple[float, float] = (0.0, 1.0)


def test_what_another_version_wrote_can_be_read() -> None:
    assert from_jsonable(Written, {"name": "x", "invented_later": 1}) == Written("x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Written: .*name"),
        ({"name": 1}, r"Written\.name is 1, should be a str"),
        ({"name": "x", "kind": "c"}, r"Written\.kind is 'c', should be one of a, b"),
        ({"name": "x", "where": 1}, r"Written\.where is 1, should be a path"),
        ({"name": "x", "counts": {"n": 1.5}}, r"Written\.counts\.n is 1\.5, should be a whole"),
        ({"name": "x", "span": [1.0]}, r"Written\.span is \[1\.0\], should be an array of 2"),
        ({"name": "x", "span": [1.0, True]}, r"Written\.span\[1\] is True, should be a number"),
        ([], r"Written is \[\], should be an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_jsonable(Written, data)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1" + "0" * 400])
@pytest.mark.parametrize("kind", [float, int])
def test_a_number_that_is_none_of_ours_is_named(number: str, kind: type) -> None:
    data = json.loads(number)
    with pytest.raises(ValueError, match=f"^{kind.__name__} is .{{,90}}, should be a "):
        from_jsonable(kind, data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'{"\udc00": ["\uD83D\uDE00", 1.5, null]}', {"\ufffd": ["\U0001f600", 1.5, None]}),
        (r'"\\ud83d"', r"\ud83d"),
    ],
)
def test_half_a_character_is_none(text: str, value: object) -> None:
    assert from_text(text) == from_text(text.encode()) == value


def test_half_a_character_as_bytes_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        from_text(b'"a\xed\xa0\xbd"')


def test_what_is_nested_without_end_is_a_value_error() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, r'["\ud83d", ' * 100_000):
        with pytest.raises(ValueError, match="nested too deep"):
            from_text(text)
