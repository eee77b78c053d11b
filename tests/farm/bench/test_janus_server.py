"""What a run and the doctor ask of a Janus before anything is started."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from farm.bench.janus_server import (
    address_for_media,
    admin_access,
    check_admin,
    janus_answers,
    janus_gone,
    janus_info,
    needed_plugin,
)
from farm.cli.examination import examine_experiment
from farm.errors import BadInput
from farm.experiment_file import parse_experiment
from farm.janus.admin import AdminAccess
from farm.model.server_settings import JanusAdminSettings
from tests.farm.janus.fake_janus import SECRET, FakeJanus

VARIABLE = "JANUS_ADMIN_SECRET"


@pytest.fixture
async def janus() -> AsyncIterator[FakeJanus]:
    """One with a VideoRoom and no VideoCall."""
    fake = FakeJanus()
    fake.plugins = {"janus.plugin.videoroom": {"version_string": "0.0.9"}}
    await fake.start()
    yield fake
    await fake.die()


async def test_its_version_and_plugins_are_kept(janus: FakeJanus) -> None:
    info = await janus_info(janus.url, plugin="janus.plugin.videoroom")
    assert info == {
        "type": "Janus",
        "version": "1.1.2",
        "plugins": {"janus.plugin.videoroom": "0.0.9"},
    }


async def test_a_janus_without_the_plugin_of_the_scenario_is_bad_input(janus: FakeJanus) -> None:
    experiment = parse_experiment(f"server: {{janus: '{janus.url}'}}", "calls.yaml")
    with pytest.raises(
        BadInput,
        match=r"^server\.janus: ws.*: has no janus\.plugin\.videocall; it has janus\.plugin\.vid",
    ):
        await janus_info(janus.url, plugin=needed_plugin(experiment))


def test_the_plugin_of_a_room_is_that_of_what_janus_does_with_it() -> None:
    room = (
        "scenario: {{kind: group, members: 3, audio_only: {}, media: {}}}\nserver: {{janus: here}}"
    )
    for silent, media, plugin in (
        (0, "auto", "janus.plugin.videoroom"),
        (3, "auto", "janus.plugin.videoroom"),
        (1, "forwarded", "janus.plugin.videoroom"),
        (3, "mixed", "janus.plugin.audiobridge"),
    ):
        assert needed_plugin(parse_experiment(room.format(silent, media), "calls.yaml")) == plugin


@pytest.mark.parametrize(
    "text",
    [
        "app: {run: null, url: 'https://x/', driver: d.yaml}",
        "app: {driver: d.yaml}",
        "scenario: {kind: custom, roles: {a: {count: 2, sends: [audio], receives: all_others}}}\n"
        "app: {driver: d.yaml}",
        "app: {run: whip, publish: 'https://x/{probe}/i', play: 'https://x/{probe}/o'}",
    ],
)
def test_what_pages_and_drivers_of_others_need_is_not_known(text: str) -> None:
    experiment = parse_experiment(f"{text}\nserver: {{janus: 'ws://x:8188'}}\n", "calls.yaml")
    assert needed_plugin(experiment) is None


async def test_a_janus_that_dies_is_gone_and_answers_no_more(janus: FakeJanus) -> None:
    assert await janus_answers(janus.url)
    waiting = asyncio.create_task(janus_gone(janus.url))
    while not janus.sockets or janus.sockets[-1].closed:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await janus.die()
    assert (await waiting).startswith("the media server is gone: ")
    assert not await janus_answers(janus.url)


async def test_the_admin_secret_comes_from_the_environment(
    janus: FakeJanus, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = JanusAdminSettings(url=janus.url)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(
        BadInput, match=f"^server.janus_admin.secret: {VARIABLE} is not set in the env"
    ):
        admin_access(settings)
    monkeypatch.setenv(VARIABLE, SECRET)
    access = admin_access(settings)
    assert access == AdminAccess(janus.url, SECRET)
    assert await check_admin(access) == 0
    with pytest.raises(BadInput, match=r"^server\.janus_admin: Unauthorized"):
        await check_admin(AdminAccess(janus.url, "another"))


async def test_the_doctor_looks_at_its_plugins_its_admin_api_and_where_it_may_record(
    janus: FakeJanus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    admin = f"janus_admin: {{url: '{janus.url}'}}"
    recordings = "recordings: {directory: /var/tmp/calls}"
    experiment = parse_experiment(
        f"scenario: {{kind: one_to_one, record: true}}\n"
        f"server: {{janus: '{janus.url}', {admin}, {recordings}}}",
        "calls.yaml",
    )
    findings = await examine_experiment(experiment, Path("calls.yaml"))
    checks = {check.what: check for check in findings}
    assert "has no janus.plugin.videocall" in checks["media server"].needed_for
    assert checks["Janus' admin API"].found == f"{janus.url} answers: 0 sessions now"
    assert "forbids recordings below /var" in checks["recordings"].needed_for


@pytest.mark.parametrize(
    ("directory", "forbidden"),
    [("/opt/janus/share/calls", False), ("/opt/janus/lib64", True), ("/library", False)],
)
async def test_the_doctor_knows_the_folders_that_debian_s_configuration_protects(
    janus: FakeJanus, directory: str, forbidden: bool
) -> None:
    experiment = parse_experiment(
        f"scenario: {{kind: one_to_one, record: true}}\n"
        f"server: {{janus: '{janus.url}', recordings: {{directory: {directory}}}}}",
        "calls.yaml",
    )
    findings = await examine_experiment(experiment, Path("calls.yaml"))
    assert ("recordings" in {check.what for check in findings}) == forbidden


def test_media_of_a_janus_here_go_where_all_hosts_reach_it_by_ipv4() -> None:
    assert address_for_media("127.0.0.1") is address_for_media("::1") is None
    assert address_for_media("192.0.2.7") == "192.0.2.7"
    with pytest.raises(BadInput, match=r"^server\.janus: here: .* at 2001:db8::7: expected hosts"):
        address_for_media("2001:db8::7")
