"""Where calls are recorded, said and made sure of before the first trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.bench.call_recordings import note_recordings, require_room, with_recordings_of
from farm.errors import BadInput
from farm.model.experiment import AppSettings, Experiment, Scenario
from farm.model.server_settings import Keep, ProcessSettings, RecordingSettings, ServerSettings
from farm.testing import FakeClock, FakeObserver, FakeRecordings, FakeServer

RECORDED = Experiment(scenario=Scenario(record=True))


def server(free: int) -> FakeServer:
    return FakeServer(FakeClock(), recordings=FakeRecordings(free=free))


def said(experiment: Experiment) -> list[str]:
    observer = FakeObserver()
    note_recordings(experiment, observer)
    return observer.notes


def test_each_run_has_a_directory_of_its_own() -> None:
    given = replace(
        RECORDED, server=ServerSettings(recordings=RecordingSettings("/srv/calls/", "last"))
    )
    recordings = with_recordings_of(given, "20261122T221500Z-one_to_one").server.recordings
    assert recordings.directory == "/srv/calls/20261122T221500Z-one_to_one"
    assert recordings.keep == "last"


def test_where_they_are_is_said() -> None:
    assert said(RECORDED) == ["recordings: /var/tmp/farm on the server"]
    assert said(Experiment()) == []
    contained = replace(RECORDED, server=ServerSettings(process=ProcessSettings(container="kms")))
    assert said(contained) == [
        "recordings: /var/tmp/farm on the server, which container kms must share"
    ]


def test_an_app_of_one_s_own_names_files_that_the_farm_does_not_know() -> None:
    own = replace(
        RECORDED, app=AppSettings(run=None, url="https://example.org/", driver="mine.yaml")
    )
    assert said(own) == ["recordings are not checked: with app.url their names are unknown"]
    driven = replace(RECORDED, app=AppSettings(driver="mine.yaml"))
    assert said(driven) == ["recordings are not checked: with app.driver their names are unknown"]


@pytest.mark.parametrize(("keep", "trials"), [("none", 1), ("last", 2), ("all", 20)])
async def test_room_is_asked_for_what_is_there_at_a_time(keep: Keep, trials: int) -> None:
    experiment = replace(
        RECORDED, server=ServerSettings(recordings=RecordingSettings("/srv/calls", keep))
    )
    # 18 users, each 560 kbit/s, for 8 s of ramp, 60 s of settling and 240 s of hold
    trial = 18 * 560_000 // 8 * 308
    await require_room(experiment, server(trials * trial), 18, 20)
    complaint = rf"^server\.recordings\.directory: /srv/calls: .* \(.*keep: {keep}\)$"
    with pytest.raises(BadInput, match=complaint):
        await require_room(experiment, server(trials * trial - 1), 18, 20)


async def test_where_nothing_is_recorded_no_room_is_needed() -> None:
    full = server(0)
    await require_room(Experiment(), full, 18, 20)
    assert full.recordings is not None
    assert full.recordings.did == []
    await require_room(RECORDED, FakeServer(FakeClock(), recordings=None), 18, 20)
