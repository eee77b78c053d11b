"""Sessions of drivers without `{session}`: what is said of trials that were made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.drivers import parse_driver
from farm.drivers.step_places import step_places
from farm.model.experiment import Receives, Scenario
from farm.model.session_roles import RoleStreams, SessionRole
from farm.model.trial_evidence import JoinOutcome, StreamIdentity
from farm.model.trial_plan import ProbePlan
from farm.model.verdict import Outcome, Verdict
from farm.results.checked_streams import CheckedStream
from farm.results.driver_check import CheckedProbe, CheckedTrial, DriverText
from farm.results.meeting_sessions import meeting_hint, roles_alike

ROOM = Scenario(kind="group", members=2)
HEAD = "mine.yaml:5: no step of member has {session}"


def driver(*steps: str) -> DriverText:
    lines = "".join(f"      - {step}\n" for step in steps)
    text = f"format: 1\nroles:\n  member:\n    join:\n{lines}"
    read = parse_driver(text, "mine.yaml", Path(), ("room_name",))
    return DriverText("mine.yaml", step_places(read, text))


ONE_ROOM = driver('goto: "{app_url}?name={probe}"', 'click: "#join"')


def members(sessions: int, streams: int, extra: int = 0) -> CheckedTrial:
    """A trial of rooms of two, in which each member received so many streams, some of them extra"""
    probes = []
    for number in range(2 * sessions):
        name, session = f"p{number:03d}", f"s{number // 2:03d}"
        seen = [
            CheckedStream(
                StreamIdentity(name, "inbound", "video", track, track < streams - extra, seen=True),
                *("came" if track < streams - extra else "extra", "VP8", None, None, None, ()),
            )
            for track in range(streams)
        ]
        plan = ProbePlan(name, session, "member", "here", 0.0, {}, ("video",), ("video",))
        join = JoinOutcome(name, session, True, 1.0)
        probes.append(CheckedProbe(plan, join, 1.0, 1.0, (), (), tuple(seen), "", 0, ()))
    return CheckedTrial(tuple(probes), (), None, Verdict(Outcome.PASS, (), 1, 0, 2))


def said(
    alone: CheckedTrial,
    together: CheckedTrial | None,
    scenario: Scenario = ROOM,
    text: DriverText = ONE_ROOM,
) -> tuple[str, ...]:
    return tuple(meeting_hint(alone, together, scenario, text))


@pytest.mark.parametrize(
    ("step", "alike"),
    [
        ('fill: {"#name": "{probe}-{role}-{index}"}', True),
        ('fill: {"#room": "{session}"}', False),
        ('fill: {"#room": "{session_number}"}', False),
        ('fill: {"#peer": "{partners}"}', False),
        ('fill: {"#room": "{room_name}"}', False),
        ('click: "text=Join"', True),
        ('fill: {"#server": "http://127.0.0.1:8188/janus"}', True),
        ('http: {url: "http://127.0.0.1/token", save: {token: "."}}', False),
    ],
)
def test_only_values_that_are_others_in_each_session_keep_them_apart(
    step: str, alike: bool
) -> None:
    text = driver('goto: "{app_url}"', step)
    assert roles_alike("group", text) == (["member"] if alike else [])
    assert roles_alike("broadcast", text) == []


def test_members_that_receive_more_with_two_sessions_have_met() -> None:
    (hint,) = said(members(1, 2), members(2, 6, extra=4))
    assert hint.startswith(f"{HEAD}, and sessions at the same time meet: p000 received 4 streams")


def test_nothing_is_said_of_sessions_that_do_not_meet() -> None:
    assert said(members(1, 2), members(2, 2)) == ()
    assert said(members(1, 3, extra=1), members(2, 3, extra=1)) == (), "a page that shows itself"
    assert said(members(2, 2), None) == (), "of --sessions 2"
    assert said(members(1, 2), None, text=driver('goto: "{app_url}?room={session}"')) == ()


def test_what_one_role_receives_alone_hides_nothing_that_another_receives_more() -> None:
    """The first of each session, a host, gets a stream of the server's own; two sessions meet."""

    def hosted(sessions: int, more: int) -> CheckedTrial:
        of_hosts = members(sessions, 2, extra=1)
        of_members = members(sessions, 1 + more, extra=more)
        probes = [
            replace(host, plan=replace(host.plan, role="host")) if number % 2 == 0 else member
            for number, (host, member) in enumerate(
                zip(of_hosts.probes, of_members.probes, strict=True)
            )
        ]
        return replace(of_hosts, probes=tuple(probes))

    (hint,) = said(hosted(1, more=0), hosted(2, more=1))
    assert "sessions at the same time meet: p001 received 1 stream more than those" in hint
    assert said(hosted(1, more=0), hosted(2, more=0)) == ()


def test_whose_more_streams_are_is_not_known_where_no_session_ran_alone() -> None:
    (hint,) = said(members(2, 6, extra=4), None)
    assert hint == (
        f"{HEAD}, and p000 received 4 streams more than it is owed: another session's, or some "
        "that it also receives alone, such as the server's own (receives: {server: ...}); a check "
        "without --sessions tells which"
    )


def test_of_an_echo_that_is_owed_nothing_sessions_are_not_said_to_meet() -> None:
    (hint,) = said(members(2, 1, extra=1), None)
    assert "p000 received 1 stream more than it is owed" in hint
    assert "meet" not in hint


def test_what_is_not_known_is_said() -> None:
    alone, together = members(1, 2), members(2, 2)
    unknown = "whether sessions at the same time meet is not known: "
    for beside, scenario, why in (
        (replace(together, unknown="a browser crashed", problems=("x",)), ROOM, "a browser crash"),
        (together, replace(ROOM, media="mixed"), "a mix does not show whose media are in it"),
        (together, replace(ROOM, last_n=1), "the server sends each probe only some"),
        (together, replace(ROOM, receives=Receives(video=1)), "the server sends each probe only"),
    ):
        (hint,) = said(alone, beside, scenario)
        assert hint.startswith(f"{HEAD}: {unknown}{why}")
    (hint,) = said(alone, None)
    assert hint == f"{HEAD}: sessions at the same time may meet in one room (--sessions 2 tries it)"


def test_of_roles_that_are_owed_a_number_of_streams_others_would_not_show() -> None:
    def custom(*owed: RoleStreams) -> Scenario:
        return Scenario(kind="custom", roles=(SessionRole("member", ("video",), 2, owed),))

    alone, together = members(1, 2), members(2, 2)
    (hint,) = said(alone, together, custom(RoleStreams("member", "video", most=1)))
    assert hint.endswith("is not known: the server sends each probe only some of the streams")
    assert said(alone, together, custom(RoleStreams("member", "video"))) == ()
    assert said(alone, together, custom(RoleStreams("server", "video", most=2))) == ()


def test_of_sessions_that_exchange_messages_alone_nothing_shows_who_meets() -> None:
    def talking(sessions: int, sender: str) -> CheckedTrial:
        trial = members(sessions, 0)
        data = {"sends": (), "receives": (), "sends_data": True, "receives_data": (sender,)}
        return replace(
            trial,
            probes=tuple(replace(each, plan=replace(each.plan, **data)) for each in trial.probes),
        )

    scenario = Scenario(kind="custom")
    (hint,) = said(talking(1, "p001"), talking(2, "p001"), scenario)
    assert hint.endswith("known: nobody sends media, and messages do not show whose they are")
    assert said(talking(1, "server"), talking(2, "server"), scenario) == ()


def test_two_sessions_that_disturb_each_other_are_named() -> None:
    broken = replace(members(2, 2), problems=("p003 did not join: the name is taken",))
    (hint,) = said(members(1, 2), broken)
    assert hint == (
        f"{HEAD}, and two sessions at the same time do not work: p003 did not join: the name is "
        "taken"
    )
