from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from farm.drivers import read_driver
from farm.errors import ExperimentError
from farm.experiment_file import effective, load_experiment, parse_experiment
from farm.model.criteria import Criteria
from farm.model.experiment import (
    AppSettings,
    Experiment,
    HostSettings,
    MediaSettings,
    NetworkSettings,
    Receives,
    Scenario,
    ScenarioKind,
    TrialSettings,
)
from farm.model.server_settings import ServerSettings, Ssh
from farm.model.setting import Size
from farm.planning.trial_planning import driver_name, plan_trial

OWN_PAGE = "app: {url: 'https://rooms.example.org/', driver: mine.yaml}\n"

EXAMPLES = sorted(Path(__file__).parents[3].joinpath("examples").glob("*.yaml"))


def parsed(text: str) -> Experiment:
    return parse_experiment(text, "calls.yaml")


def refused(text: str) -> str:
    with pytest.raises(ExperimentError) as caught:
        parsed(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_value_that_is_a_comment_must_be_quoted() -> None:
    headers = "app:\n  url: http://h/\n  driver: mine.yaml\n  headers:\n    X-Room: #blue\n"
    assert refused(headers) == (
        "calls.yaml:5: app.headers.X-Room: is empty, as #blue is a comment (what starts with # must"
        " be quoted): expected text"
    )
    assert refused("scenario:  # who").startswith("calls.yaml:1: scenario: null: expected one_to_o")


# ---------------------------------------------------------------- what is accepted


def test_what_is_not_written_has_its_default() -> None:
    assert parsed("format: 1") == Experiment()


def test_a_remote_kurento_with_ssh_and_reset() -> None:
    experiment = parsed(
        """
        scenario: {kind: one_to_one, record: true}
        server:
          kurento: ws://203.0.113.10:8888/kurento
          ssh: {to: ubuntu@203.0.113.10, key: ~/.ssh/farm}
          reset: {command: sudo -n systemctl restart kurento-media-server, ready_within: 45s}
        trial: {load: 18, settle: 20s, hold: 4m}
        """
    )

    assert experiment.scenario == Scenario(kind="one_to_one", record=True)
    assert experiment.server.ssh == Ssh(to="ubuntu@203.0.113.10", key=Path("~/.ssh/farm"))
    assert experiment.server.reset.ready_within_s == 45
    assert experiment.trial == TrialSettings(load=18, settle_s=20, hold_s=240)


def test_a_scenario_may_be_just_its_word() -> None:
    assert parsed("scenario: group").scenario == Scenario(kind="group")


def test_a_url_of_ones_own_replaces_the_demo_app() -> None:
    experiment = parsed("app: {url: 'https://calls.example.org/', driver: mine.yaml}")

    assert experiment.app == AppSettings(
        run=None, url="https://calls.example.org/", driver="mine.yaml"
    )


def test_a_room_that_an_sfu_forwards_and_how_much_of_it() -> None:
    experiment = parsed(
        """
        app: {url: "https://rooms.example.org/", driver: mine.yaml}
        scenario: {kind: group, members: 6, media: forwarded, receives: {video: 4, audio: 0}}
        """
    )

    assert experiment.scenario == Scenario(
        kind="group", members=6, media="forwarded", receives=Receives(video=4, audio=0)
    )
    assert parsed("scenario: {kind: group, media: auto}").scenario.media is None


def test_another_way_to_find_the_process_replaces_its_name() -> None:
    process = parsed("server: {process: {pid: 77}}").server.process

    assert (process.pid, process.name) == (77, None)


@pytest.mark.parametrize("word", ["auto", "null", "~"])
def test_auto_stands_for_none(word: str) -> None:
    experiment = parsed(f"trial: {{settle: {word}}}\ncriteria: {{bad_share: {word}}}")

    assert experiment.trial.settle_s is None
    assert experiment.criteria.bad_share is None


def test_numbers_have_the_types_that_the_fields_have() -> None:
    experiment = parsed("trial: {sessions_per_second: 2, load: 4}\nmedia: {frame_rate: 10}")

    assert isinstance(experiment.trial.sessions_per_second, float)
    assert isinstance(experiment.media.frame_rate, int)


# ---------------------------------------------------------------- what is refused, and how


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "format: 1\ntrial:\n  hold: 4 minutes\n",
            "calls.yaml:3: trial.hold: 4 minutes: expected a duration such as 30s, 4m or 3h",
        ),
        ("trial:\n  holt: 4m\n", "calls.yaml:2: trial.holt: unknown key: did you mean hold?"),
        ("hold: 4m\n", "calls.yaml:1: hold: unknown key: did you mean trial.hold?"),
        (
            "output: {xyzzy: 1}",
            "calls.yaml:1: output.xyzzy: unknown key: expected one of directory, name",
        ),
        (
            "trial: {hold: 4m}\ntrial: {hold: 5m}",
            "calls.yaml:2: trial: the key occurs twice, first on line 1",
        ),
        (
            "scenario: 1:1",
            "calls.yaml:1: scenario.kind: 1:1: expected one_to_one, group, broadcast or custom",
        ),
        (
            "scenario: {kind: conference}",
            "calls.yaml:1: scenario.kind: conference: expected one_to_one, group, broadcast or "
            "custom",
        ),
        (
            "scenario:\n  kind: one_to_one\n  record: yes\n",
            "calls.yaml:3: scenario.record: yes: expected true or false",
        ),
        (
            "probes: {boots_at_once: 0}",
            "calls.yaml:1: probes.boots_at_once: 0: expected a whole number from 1 to 64",
        ),
        (
            "criteria: {residual_loss: 2}",
            "calls.yaml:1: criteria.residual_loss: 2: expected a number from 0 to 1",
        ),
        (
            "criteria: {repair: -0.1}",
            "calls.yaml:1: criteria.repair: -0.1: expected a number from 0 to 1",
        ),
        (
            "media: {size: 640 x 480}",
            "calls.yaml:1: media.size: 640 x 480: expected a size such as 640x480, or null",
        ),
        (
            "trial: {settle: soon}",
            "calls.yaml:1: trial.settle: soon: expected a duration such as 30s, 4m or 3h, or auto",
        ),
        (
            "server: {cores: [0, one]}",
            "calls.yaml:1: server.cores[1]: one: expected a whole number, 0 or more",
        ),
        ("hosts: []", "calls.yaml:1: hosts: []: expected a list, not empty"),
        (
            "hosts: [{place: a}, {place: b}]",
            "calls.yaml:1: hosts: 2 of them are here: expected one, others by ray: ray://host:10001",
        ),
        ("hosts: [{here: false}]", "calls.yaml:1: hosts[0].here: false: expected true, or ray:"),
        (
            "hosts: [{machines: 2}]",
            "calls.yaml:1: hosts[0].machines: 2: expected ray: with it",
        ),
        (
            "hosts: [{here: true, ray: auto}]",
            "calls.yaml:1: hosts[0].here: true: expected false beside ray:",
        ),
        (
            "hosts: [{ray: 10.0.0.5:6379}]",
            "calls.yaml:1: hosts[0].ray: 10.0.0.5:6379: expected auto, or ray://host:10001",
        ),
        (
            "hosts: [{ray: auto}, {ray: auto}]",
            "calls.yaml:1: hosts[1].ray: auto: expected each cluster once",
        ),
        ("format: 2", "calls.yaml:1: format: 2: expected a whole number from 1 to 1"),
        ("trial: {hold: 500ms}", "calls.yaml:1: trial.hold: 500ms: expected 1s or more"),
        ("trial: {hold: 10s}", "calls.yaml:1: trial.hold: 10s: expected two windows or more, 20s"),
        (
            "criteria: {setup_within: 0s}",
            "calls.yaml:1: criteria.setup_within: 0s: expected 100ms or more",
        ),
        ("criteria: {gap: 1ms}", "calls.yaml:1: criteria.gap: 1ms: expected 100ms or more"),
        (
            f"search: {{budget: {'9' * 400}h}}",
            f"calls.yaml:1: search.budget: {'9' * 20}...: expected 87600h or less",
        ),
        (
            "trial: {window: 1s}",
            "calls.yaml:1: trial.window: 1s: expected two polls or more, 2s",
        ),
        (
            "app:\n  run: demo\n  url: http://x/\n",
            "calls.yaml:2: app.run: demo: expected null beside app.url, http://x/",
        ),
        (
            "app: {run: null}",
            "calls.yaml:1: app.run: null: expected demo or whip, or null with app.url",
        ),
        (
            "app: {url: calls.example.org}",
            "calls.yaml:1: app.url: calls.example.org: expected http://host/ or https://host/",
        ),
        (
            "server: {kurento: 'http://x:8888/kurento'}",
            "calls.yaml:1: server.kurento: http://x:8888/kurento: expected embedded, or "
            "ws://host:8888/kurento, or null beside app.url for another server",
        ),
        (
            "server: {ssh: {to: a@b}, local: true}",
            "calls.yaml:1: server.local: true: expected false beside server.ssh",
        ),
        (
            "server: {ssh: {}}",
            'calls.yaml:1: server.ssh.to: "": expected user@host or user@host:port',
        ),
        (
            "server: {kurento: 'ws://x:8888/kurento', cores: [0]}",
            "calls.yaml:1: server.cores: only a server that the farm starts is given cores: "
            "expected all",
        ),
        (
            "server: {janus: 'http://x'}",
            "calls.yaml:1: server.janus: http://x: expected here, or ws://host:8188",
        ),
        (
            "server: {janus: here, kurento: embedded}",
            "calls.yaml:1: server.kurento: embedded: expected null beside server.janus, here",
        ),
        (
            "app: {run: null, url: 'https://x/', driver: d.yaml}\nserver: {janus: here}",
            "calls.yaml:2: server.janus: here: only our demo app is given its address: expected "
            "ws://host:8188 beside app.url",
        ),
        (
            "server: {janus_admin: {url: 'ws://x:7188'}}",
            "calls.yaml:1: server.janus_admin: expected server.janus with it: ws://host:8188",
        ),
        (
            "server: {janus: 'ws://x:8188', janus_admin: {url: 'ws://x:7188', secret: janus}}",
            "calls.yaml:1: server.janus_admin.secret: expected env:NAME, the name of a variable "
            "that holds it: a run's folder keeps all settings",
        ),
        (
            "scenario: {kind: group, media: mixed}\nserver: {janus: here}",
            "calls.yaml:1: scenario.media: mixed: a Janus mixes no video: expected forwarded, or "
            "no member with video: scenario.audio_only: 4",
        ),
        (
            "scenario: {kind: group, mix: 640x480}\nserver: {janus: here}",
            "calls.yaml:1: scenario.mix: 640x480: a Janus mixes no video: expected null with "
            "server.janus",
        ),
        (
            "server: {reset: {command: reboot}}",
            "calls.yaml:1: server.reset.command: nowhere to run it: expected server.ssh or "
            "server.local: true",
        ),
        (
            "server: {process: {pid: 7, port: 8888}}",
            "calls.yaml:1: server.process: pid and port: expected one of name, pid, port, "
            "container",
        ),
        (
            "scenario: {kind: group, record: true}",
            "calls.yaml:1: scenario.record: true: only calls are recorded: expected false with "
            "group",
        ),
        (
            "scenario: {kind: group, media: sfu}",
            "calls.yaml:1: scenario.media: sfu: expected mixed or forwarded, or auto",
        ),
        (
            "scenario:\n  kind: broadcast\n  media: forwarded\n",
            "calls.yaml:3: scenario.media: forwarded: only rooms are mixed or forwarded: expected "
            "auto with broadcast",
        ),
        (
            "scenario: {kind: group, media: forwarded}",
            "calls.yaml:1: scenario.media: forwarded: our demo app mixes: expected mixed, or "
            "server.janus",
        ),
        (
            "scenario: {kind: group, media: mixed, receives: {video: 2}}",
            "calls.yaml:1: scenario.receives.video: 2: expected 1 or less",
        ),
        (
            "app: {url: 'http://x/', driver: d}\n"
            "scenario: {kind: group, media: forwarded, members: 3, receives: {audio: 3}}\n",
            "calls.yaml:2: scenario.receives.audio: 3: expected 2 or less",
        ),
        (
            "scenario: {presenters: 2}",
            "calls.yaml:1: scenario.presenters: 2: it is of broadcasts: expected 1 with one_to_one",
        ),
        (
            "scenario: {kind: broadcast, last_n: 2}",
            "calls.yaml:1: scenario.last_n: 2: it is of members of rooms: expected null with "
            "broadcast",
        ),
        (
            f"{OWN_PAGE}scenario: {{kind: group, media: mixed, last_n: 2}}",
            "calls.yaml:2: scenario.last_n: 2: a mixed room has one video for all: expected null, "
            "or media: forwarded",
        ),
        (
            f"{OWN_PAGE}scenario: {{kind: group, receives: {{video: 1}}, last_n: 2}}",
            "calls.yaml:2: scenario.last_n: 2: expected null beside scenario.receives.video, 1",
        ),
        (
            f"{OWN_PAGE}scenario: {{kind: group, audio_only: 5}}",
            "calls.yaml:2: scenario.audio_only: 5: expected 4 or less, as scenario.members",
        ),
        (
            f"{OWN_PAGE}scenario: {{kind: group, audio_only: 1}}\nmedia: {{audio: none}}",
            "calls.yaml:2: scenario.audio_only: 1: with media.audio: none these members would send "
            "nothing: expected 0, or audio",
        ),
        (
            "scenario: {kind: group, audio_only: 1}",
            "calls.yaml:1: scenario.audio_only: 1: our demo app has no such page in front of a "
            "Kurento: expected 0, server.janus, or app.url and app.driver, a page of your own",
        ),
        (
            "scenario: {kind: broadcast, presenters: 2}",
            "calls.yaml:1: scenario.presenters: 2: our demo app has no such page: expected 1, or "
            "app.url and app.driver, a page of your own",
        ),
        (
            "scenario: {kind: broadcast, presenters_receive: nothing}",
            "calls.yaml:1: scenario.presenters_receive: nothing: one presenter has nobody to "
            "receive from: expected it left out, or scenario.presenters: 2 or more",
        ),
        (
            "scenario: {kind: broadcast, sessions: 2}\ntrial: {load: 3}",
            "calls.yaml:2: trial.load: load 3 is not 2 broadcasts, which have 1 presenter and at "
            "least 1 viewer each: use 4 or more",
        ),
        (
            "scenario: {data: true}",
            "calls.yaml:1: scenario.data: true: our demo app has no data channels: "
            "expected false, or app.url",
        ),
        (
            "scenario: {receives: {video: 2}}",
            "calls.yaml:1: scenario.receives.video: 2: expected 1 or less",
        ),
        (
            "scenario: one_to_one\ntrial:\n  load: 7\n",
            "calls.yaml:3: trial.load: load 7 is not a whole number of calls of 2: use 6 or 8",
        ),
        (
            "scenario: group\nsearch: {minimum: 6}\n",
            "calls.yaml:2: search.minimum: load 6 is not a whole number of rooms of 4: use 4 or 8",
        ),
        (
            "search:\n  minimum: 8\n  maximum: 4\n",
            "calls.yaml:3: search.maximum: 4 is below search.minimum, 8: use 8 or more",
        ),
        (
            "server:\n  price: {daily_sessions: [1, 2, 3]}\n",
            "calls.yaml:2: server.price.daily_sessions: 3 numbers: expected 24, one for each hour",
        ),
        (
            "network: {probes: [one]}",
            "calls.yaml:1: network.probes: one: expected names such as p000",
        ),
        (
            "network: {profile: 5g}",
            "calls.yaml:1: network.profile: 5g: expected none, fiber, cable, dsl, lte, 4g, "
            "3g_fast, 3g or 3g_slow",
        ),
        (
            "network:\n  profile: lte\n  mix: [{profile: dsl, share: 1}]\n",
            "calls.yaml:2: network.profile: lte: expected none beside network.mix",
        ),
        (
            "network:\n  mix: [{profile: dsl, share: 0.5}, {profile: lte, share: 0.4}]\n",
            "calls.yaml:2: network.mix: shares of 0.9 together: expected 1",
        ),
        (
            "output: {name: ../x}",
            "calls.yaml:1: output.name: ../x: expected letters, digits, dots, dashes and "
            "underscores",
        ),
        (
            "",
            "calls.yaml:1: nothing in it: `farm init one_to_one` prints one to start from",
        ),
    ],
)
def test_bad_input_is_one_line_with_its_place(text: str, message: str) -> None:
    assert refused(text) == message


def test_what_is_no_mapping_is_told_what_one_holds() -> None:
    assert refused("- 1").startswith("calls.yaml:1: [1]: expected a mapping with format, name, ")


def test_the_first_of_several_mistakes_is_told() -> None:
    assert refused("trial:\n  poll: x\n  hold: y\nfromat: 1\n").startswith("calls.yaml:2: ")


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_load(path: Path) -> None:
    experiment = load_experiment(path)

    assert path.stem.endswith(experiment.scenario.kind)
    if path.stem.startswith("any_server_"):
        assert experiment.server.kurento is None
        driver = read_driver(driver_name(experiment), path.parent)
        load = experiment.trial.load or 2
        planned = plan_trial(experiment, load, index=0, purpose="single", hosts=["here"])
        assert set(driver.roles) == {probe.role for probe in planned.probes}
        assert not planned.media_assumed
    if path.stem.startswith("remote_"):
        assert experiment.server.kurento is not None
        assert experiment.server.kurento.startswith("ws://")
        assert experiment.server.ssh is not None
        assert experiment.server.reset.command is not None


def test_there_is_an_example_of_each_scenario() -> None:
    kinds = {load_experiment(example).scenario.kind for example in EXAMPLES}
    assert kinds == set(get_args(ScenarioKind))
    assert len(EXAMPLES) >= 9


def test_a_clip_is_looked_up_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "clip.webm").touch()
    file = tmp_path / "calls.yaml"
    file.write_text("media: {video: clip.webm}")

    assert load_experiment(file).media.video == str((tmp_path / "clip.webm").resolve())


def test_a_missing_clip_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text("format: 1\nmedia:\n  video: gone.webm\n")

    with pytest.raises(ExperimentError) as caught:
        load_experiment(file)

    gone = (tmp_path / "gone.webm").resolve()
    assert str(caught.value) == f"{file}:3: media.video: gone.webm: no such file ({gone})"


PATHS = """
server:
  kurento: ws://203.0.113.10/kurento
  ssh: {to: me@203.0.113.10, key: keys/id, known_hosts: hosts}
  price: {table: ~/prices.yaml}
probes: {chromium: chrome}
output: {directory: results}
"""


def test_every_path_in_a_file_is_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    file = Path("mine/calls.yaml")
    file.write_text(PATHS)
    experiment, folder = load_experiment(file), tmp_path / "mine"
    assert experiment.server.ssh is not None
    assert experiment.server.ssh.key == folder / "keys" / "id"
    assert experiment.server.ssh.known_hosts == folder / "hosts"
    assert experiment.server.price.table == Path("/home/me/prices.yaml")
    assert experiment.probes.chromium == folder / "chrome"
    assert experiment.output.directory == folder / "results"
    file.write_text(
        "probes: {chromium: ~/chrome}\n"
        "server: {kurento: 'ws://203.0.113.10/kurento', ssh: {to: me@203.0.113.10, key: ~/id}}"
    )
    there = load_experiment(file)
    assert there.server.ssh == Ssh("me@203.0.113.10", Path("~/id"))  # and ssh's own known_hosts
    assert there.probes.chromium == Path("~/chrome")  # in the home of each host
    assert there.output.directory == Path("runs")  # not written: where one stands


def test_paths_in_an_inventory_are_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "aws").mkdir()
    inventory = tmp_path / "aws" / "inventory.yaml"
    inventory.write_text(
        "server: {kurento: 'ws://203.0.113.10/kurento', prices: p.yaml, machine: m,\n"
        "  ssh: {to: me@203.0.113.10, key: id, known_hosts: hosts}}\n"
    )
    file = tmp_path / "calls.yaml"
    file.write_text("inventory: aws/inventory.yaml")
    server = load_experiment(file).server
    assert server.ssh == Ssh("me@203.0.113.10", inventory.parent / "id", inventory.parent / "hosts")
    assert server.price.table == inventory.parent / "p.yaml"


def test_a_drivers_file_is_looked_up_too_but_a_name_is_not(tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    (tmp_path / "mine.yaml").touch()
    file.write_text("app: {driver: mine.yaml}")
    assert load_experiment(file).app.driver == str((tmp_path / "mine.yaml").resolve())

    file.write_text("app: {driver: demo_group}")
    assert load_experiment(file).app.driver == "demo_group"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"gone.yaml: cannot be read: No such file"):
        load_experiment(tmp_path / "gone.yaml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "photo.yaml"
    file.write_bytes(b"\xff\xd8\xff")

    with pytest.raises(ExperimentError, match="cannot be read: it is not UTF-8 text"):
        load_experiment(file)


# ---------------------------------------------------------------- and back


@given(
    hold_s=st.floats(20, 1e4, allow_nan=False),
    latency_s=st.one_of(st.just(0.0), st.floats(0.001, 5)),
    loss=st.floats(0, 1),
    bad_share=st.none() | st.floats(0, 1),
    size=st.none() | st.builds(Size, st.integers(16, 1920), st.integers(16, 1080)),
    cores=st.none() | st.lists(st.integers(0, 63), min_size=1).map(tuple),
    name=st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", fullmatch=True),
)
def test_what_is_effective_reads_back_as_the_same(
    hold_s: float,
    latency_s: float,
    loss: float,
    bad_share: float | None,
    size: Size | None,
    cores: tuple[int, ...] | None,
    name: str | None,
) -> None:
    experiment = Experiment(
        name=name,
        server=ServerSettings(cores=cores),
        hosts=(HostSettings(place="office", cores=cores),),
        media=MediaSettings(size=size),
        network=NetworkSettings(latency_s=latency_s, loss=loss, probes=("p000", "p012")),
        trial=TrialSettings(hold_s=hold_s),
        criteria=Criteria(bad_share=bad_share),
    )

    assert parsed(yaml.safe_dump(effective(experiment))) == experiment
