"""A probe's life, with a page that is a fake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import BrowserError, JoinError
from farm.hosts.probe import ProbeLife, ProbeTab, Seen
from farm.model.driver import (
    Click,
    Evaluate,
    Fill,
    Goto,
    HoldSteps,
    Http,
    IfVisible,
    Press,
    Repeat,
    RoleSteps,
    Screenshot,
    Step,
    WaitFor,
)
from farm.model.page_samples import Joined, ProbeEvent
from farm.model.trial_plan import ProbePlan
from farm.protocols import StepsWatched

PLAN = ProbePlan(
    probe="p000",
    session="s000",
    role="caller",
    host="here",
    poll_phase=0.0,
    variables={"app_url": "http://app/", "session": "s000", "probe": "p000", "role": "caller"},
    sends=("video",),
    receives=("video",),
)
STEPS = RoleSteps(
    join=(Goto("{app_url}call?session={session}"), Fill("#name", "{probe}")),
    joined=(WaitFor(selector="#in-call"),),
    leave=(Click("#leave"),),
)


class FakePage:
    """Notes its steps; `fails` says at which one it raises what, `true` which conditions hold:
    the first look at each is the first item, and so on."""

    def __init__(
        self,
        fails: dict[Step, Exception] | None = None,
        true: dict[str, list[bool]] | None = None,
    ) -> None:
        self.fails = fails or {}
        self.true = true or {}
        self.steps: list[Step] = []
        self.begun: list[str] = []
        self.closed = 0

    def begins(self, step: str) -> None:
        self.begun.append(step)

    async def run(self, step: Step) -> None:
        self.steps.append(step)
        if step in self.fails:
            raise self.fails[step]

    async def holds(self, condition: WaitFor) -> bool:
        return self.true[condition.selector or ""].pop(0)

    async def late(self, step: Step, what: str) -> JoinError:
        return JoinError("timeout", what)

    async def screenshot(self, path: Path) -> bool:
        path.write_bytes(b"png")
        return True

    async def close(self) -> None:
        self.closed += 1


def probe_with(
    page: FakePage, screenshots: Path, steps: RoleSteps = STEPS, **secrets: str
) -> ProbeLife:
    async def open_page(_plan: ProbePlan, _sink: Callable[[Seen], None]) -> ProbeTab:
        return page

    times = iter(range(100, 200))
    return ProbeLife(steps, open_page, screenshots, lambda: float(next(times)), secrets=secrets)


async def told(probe: ProbeLife) -> list[ProbeEvent]:
    return [seen async for seen in probe.evidence() if isinstance(seen, ProbeEvent)]


async def test_a_good_life(tmp_path: Path) -> None:
    page = FakePage()
    probe = probe_with(page, tmp_path)
    await probe.open(PLAN)
    await probe.join()
    assert await probe.joined() == Joined("p000", join_s=2.0)
    await probe.leave()
    assert page.steps == [
        Goto("http://app/call?session=s000"),
        Fill("#name", "p000"),
        WaitFor(selector="#in-call"),
        Click("#leave"),
    ]
    assert page.begun == [
        "join step 1, goto http://app/call?session=s000",
        "join step 2, fill #name",
        "joined step 1, wait_for #in-call",
        "leave step 1, click #leave",
    ]
    assert page.closed == 1
    events = await told(probe)
    assert [event.kind for event in events] == ["opened", "joining", "joined", "left"]
    assert all(event.probe == "p000" for event in events)


async def test_a_probe_that_cannot_join_says_where_shows_its_page_and_goes(tmp_path: Path) -> None:
    page = FakePage({Fill("#name", "p000"): JoinError("signalling", "room full")})
    probe = probe_with(page, tmp_path / "screenshots")
    await probe.open(PLAN)
    with pytest.raises(JoinError, match=r"join step 2, fill #name: room full") as caught:
        await probe.join()
    assert caught.value.reason == "signalling"
    picture = tmp_path / "screenshots/p000-signalling.png"
    assert caught.value.screenshot == picture
    assert picture.exists()
    assert page.closed == 1
    failed = (await told(probe))[-1]
    assert failed.kind == "failed"
    assert failed.data == {"reason": "signalling", "screenshot": picture.name}


async def test_a_crash_is_the_browsers_fault_not_the_apps(tmp_path: Path) -> None:
    page = FakePage({WaitFor(selector="#in-call"): BrowserError("renderer crashed")})
    probe = probe_with(page, tmp_path)
    await probe.open(PLAN)
    await probe.join()
    with pytest.raises(BrowserError, match="renderer crashed"):
        await probe.joined()
    assert (await told(probe))[-1].data["reason"] == "browser"


async def test_leaving_a_dead_page_never_raises(tmp_path: Path) -> None:
    page = FakePage({Click("#leave"): BrowserError("renderer crashed")})
    probe = probe_with(page, tmp_path)
    await probe.open(PLAN)
    await probe.join()
    await probe.joined()
    await probe.leave()
    assert page.closed == 1
    left = (await told(probe))[-1]
    assert left.message == "its page was closed instead: renderer crashed"


async def test_who_is_not_in_just_goes(tmp_path: Path) -> None:
    page = FakePage()
    probe = probe_with(page, tmp_path)
    await probe.open(PLAN)
    await probe.leave()
    await probe.close()
    assert page.steps == []
    assert page.closed == 1
    assert await probe.screenshot("late") is None


async def test_closed_before_it_was_open_its_evidence_ends(tmp_path: Path) -> None:
    probe = probe_with(FakePage(), tmp_path)
    await probe.close()
    assert await told(probe) == []
    assert await probe.screenshot("never") is None


async def test_values_of_a_users_own_are_typed_and_never_named(tmp_path: Path) -> None:
    steps = RoleSteps(join=(Goto("{app_url}{room}"), Fill("#{user}", "{user}")))
    page = FakePage({Fill("#alice-7", "alice-7"): JoinError("timeout", "late")})
    probe = probe_with(page, tmp_path, steps, user="alice-7", room="blue-9")
    await probe.open(PLAN)
    with pytest.raises(JoinError, match=r"^join step 2, fill #\{user\}: late$"):
        await probe.join()
    assert page.steps[0] == Goto("http://app/blue-9")
    assert [event for event in await told(probe) if "alice-7" in str(event)] == []


async def joined_with(page: FakePage, folder: Path, *join: Step) -> list[ProbeEvent]:
    """The events of a probe that joins by these steps; raises JoinError as it does."""
    probe = probe_with(page, folder, RoleSteps(join))
    await probe.open(replace(PLAN, variables={**PLAN.variables, "partners": "p001 p002"}))
    try:
        await probe.join()
    finally:
        await probe.close()
    return await told(probe)


BANNER = IfVisible("#cookies", (Click("#ok"),), within_s=2, place="d.yaml:7")


async def test_steps_for_what_is_not_visible_are_skipped_and_that_is_recorded(
    tmp_path: Path,
) -> None:
    page = FakePage(true={"#cookies": [True, False]})
    assert [e.kind for e in await joined_with(page, tmp_path, BANNER)] == ["opened", "joining"]
    assert page.steps == [Click("#ok")]
    events = await joined_with(page, tmp_path, BANNER)
    assert page.steps == [Click("#ok")]
    (skipped,) = (event for event in events if event.kind == "skipped")
    assert skipped.message == (
        "join step 1, if_visible #cookies: not visible within 2 s, 1 step skipped"
    )
    assert skipped.data == {"place": "d.yaml:7"}


async def test_steps_are_repeated(tmp_path: Path) -> None:
    page = FakePage(true={"#in": [False, False, True]})
    await joined_with(
        page,
        tmp_path,
        Repeat((Click("#a{turn}"),), times="2"),
        Repeat((Press("{partner}"), Fill("#to", "{turn}")), each_partner=True),
        Repeat((Click("#again"),), until=WaitFor("#in")),
    )
    assert page.steps == [
        *(Click("#a0"), Click("#a1")),
        *(Press("p001"), Fill("#to", "0"), Press("p002"), Fill("#to", "1")),
        *(Click("#again"), Click("#again")),
    ]


async def test_a_repeat_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    page = FakePage(true={"#in": [False] * 99})
    repeat = Repeat((Click("#again"),), until=WaitFor("#in"), within_s=3.5, place="d.yaml:9")
    with pytest.raises(JoinError) as caught:
        await joined_with(page, tmp_path, repeat)
    assert str(caught.value) == (
        "d.yaml:9: join step 1, repeat until #in: not within 3.5 s (the step's `within`), "
        "after 3 turns"
    )


async def test_a_step_inside_of_others_is_named_with_its_own_line(tmp_path: Path) -> None:
    inner = Click("#ok", place="d.yaml:12")
    page = FakePage({inner: JoinError("timeout", "late")}, {"#cookies": [True]})
    banner = replace(BANNER, steps=(inner,))
    with pytest.raises(JoinError) as caught:
        await joined_with(page, tmp_path, Click("#a"), Repeat((banner,), times="2"))
    assert str(caught.value) == (
        "d.yaml:12: join step 2, repeat 2 times, turn 1, step 1, if_visible #cookies,"
        " step 1, click #ok: late"
    )


async def test_a_picture_has_the_name_that_the_driver_gives(tmp_path: Path) -> None:
    events = await joined_with(FakePage(), tmp_path, Screenshot("lobby-{role}"))
    assert (tmp_path / "p000-lobby-caller.png").exists()
    assert [e.data for e in events if e.kind == "screenshot"] == [{"file": "p000-lobby-caller.png"}]


async def test_steps_of_the_hold_are_recorded_and_one_that_fails_leaves_the_page_open(
    tmp_path: Path,
) -> None:
    mute, unmute = Click("#mute", place="d.yaml:5"), Click("#unmute")
    page = FakePage({mute: JoinError("timeout", "late")})
    hold = (HoldSteps((mute,), 5, place="d.yaml:4"), HoldSteps((unmute,), 9, place="d.yaml:8"))
    probe = probe_with(page, tmp_path, RoleSteps(STEPS.join, after_join=hold))
    await probe.open(PLAN)
    await probe.join()
    await probe.joined()
    with pytest.raises(JoinError, match=r"^d\.yaml:5: after_join 1 step 1, click #mute: late$"):
        await probe.after_join(0)
    await probe.after_join(1)
    await probe.leave()
    failed, done = (event for event in await told(probe) if event.kind == "after_join")
    assert failed.message == "d.yaml:5: after_join 1 step 1, click #mute: late"
    assert failed.data["reason"] == "timeout"
    assert failed.data["screenshot"] == "p000-after-join-1.png"
    assert done.message == "click #unmute"
    assert done.data["number"] == 1
    assert "reason" not in done.data


def watched(page: FakePage, screenshots: Path, how: StepsWatched) -> ProbeLife:
    async def open_page(_plan: ProbePlan, _sink: Callable[[Seen], None]) -> ProbeTab:
        return page

    times = iter(range(100, 200))
    return ProbeLife(STEPS, open_page, screenshots, lambda: float(next(times)), steps_watched=how)


async def steps_seen(probe: ProbeLife) -> list[ProbeEvent]:
    return [
        seen
        async for seen in probe.evidence()
        if isinstance(seen, ProbeEvent) and seen.kind == "step"
    ]


async def test_each_step_that_is_watched_is_told_with_its_time_and_picture(tmp_path: Path) -> None:
    probe = watched(FakePage(), tmp_path, "pictured")
    await probe.open(PLAN)
    await probe.join()
    await probe.joined()
    await probe.close()
    steps = await steps_seen(probe)
    assert [(step.data["part"], step.data["number"], step.message) for step in steps] == [
        ("join", 1, "goto http://app/call?session=s000"),
        ("join", 2, "fill #name"),
        ("joined", 1, "wait_for #in-call"),
    ]
    assert [step.data["took_s"] for step in steps] == [1.0, 1.0, 1.0]
    pictures = [str(step.data["file"]) for step in steps]
    assert pictures == ["p000-join-01.png", "p000-join-02.png", "p000-joined-01.png"]
    assert all((tmp_path / picture).exists() for picture in pictures)


async def test_a_step_that_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    page = FakePage({Fill("#name", "p000"): JoinError("timeout", "not within 15 s")})
    probe = watched(page, tmp_path, "timed")
    await probe.open(PLAN)
    with pytest.raises(JoinError):
        await probe.join()
    first, second = await steps_seen(probe)
    assert (first.data["reason"], first.data["file"]) == (None, None)
    assert (second.data["reason"], second.message) == ("timeout", "fill #name: not within 15 s")


async def test_steps_are_not_told_where_nobody_watches(tmp_path: Path) -> None:
    probe = probe_with(FakePage(), tmp_path)
    await probe.open(PLAN)
    await probe.join()
    await probe.close()
    assert await steps_seen(probe) == []


async def test_what_a_skipped_http_step_would_save_is_never_typed_as_its_name(
    tmp_path: Path,
) -> None:
    login = Http("GET", "https://h/", save={"token": ("token",)})
    steps = RoleSteps(join=(IfVisible("#login", (login,)), Fill("#token", "{token}")))
    page = FakePage(true={"#login": [False]})
    probe = probe_with(page, tmp_path, steps)
    await probe.open(PLAN)
    missing = r"fill #token: \{token\}: no http step has saved it: the one that does was skipped"
    with pytest.raises(JoinError, match=missing) as caught:
        await probe.join()
    assert caught.value.reason == "request"
    assert page.steps == []


async def test_a_script_in_a_repeat_gets_turn_and_partner(tmp_path: Path) -> None:
    script = Evaluate("(variables) => {}", "call.js")
    steps = RoleSteps(join=(Repeat((script,), each_partner=True), script))
    page = FakePage()
    probe = probe_with(page, tmp_path, steps)
    plan = replace(PLAN, variables={**PLAN.variables, "partners": "p001 p002"})
    await probe.open(plan)
    await probe.join()
    turns = [step.turn for step in page.steps if isinstance(step, Evaluate)]
    assert turns == [{"turn": "0", "partner": "p001"}, {"turn": "1", "partner": "p002"}, {}]
