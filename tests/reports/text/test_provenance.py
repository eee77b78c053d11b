"""Where a number comes from."""

from __future__ import annotations

from dataclasses import replace

from farm.model.clock_reading import ClockReading
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import ProcessSettings, ServerSettings
from reports.text.provenance import facts
from tests.synthetic import manifest


def test_each_clock_is_named_with_its_offset_and_error() -> None:
    readings = (
        ClockReading("here", -5000.0, 0.0, 0.0),
        ClockReading("server", -1517.3806, 0.0124, 10.0),
        ClockReading("server", -1517.3850, 0.0118, 20.0),
        ClockReading("host:far", 12.5, 0.0042, 0.0),
    )
    found = next(each for each in facts(manifest(), readings) if each.heading.startswith("Clocks"))
    assert found.rows == (
        ("here", "-5000.000 s, exactly: the controller's own clock"),
        ("server", "-1517.385 s, true within 11.8 to 12.4 ms; read 2 times"),
        ("host:far", "+12.500 s, true within 4.2 ms; read 1 time"),
    )


def test_a_media_server_that_is_no_kurento_is_told_by_its_process_alone() -> None:
    known = manifest()
    server = ServerFacts(
        "sfu-1", "6.1", 4, "A CPU", 16 << 30, "container sfu", 77, "eth0", "ssh", program="java"
    )
    settings = replace(
        known.settings, server=ServerSettings(kurento=None, process=ProcessSettings(name=None))
    )
    for facts_of, said in (
        (server, " (its process runs java)"),
        (replace(server, pid=None, program=None), ""),
        (None, ""),
    ):
        run = replace(known, settings=settings, kurento={}, server=facts_of)
        rows = dict(next(each for each in facts(run) if each.heading == "Server").rows)
        assert rows["media server"] == (f"not a Kurento; its kind is unknown to the farm{said}")


def test_a_run_whose_clocks_were_never_read_says_nothing_of_them() -> None:
    assert not any(each.heading.startswith("Clocks") for each in facts(manifest()))


def test_when_a_damaged_run_began_is_unknown() -> None:
    found = facts(replace(manifest(), started_wall_s=1e17))
    run = next(each for each in found if each.heading == "Run")
    assert dict(run.rows)["began"] == "unknown"
