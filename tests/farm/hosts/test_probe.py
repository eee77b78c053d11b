"""A probe's life, with a page that is a fake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import BrowserError, JoinError
from farm.hosts.probe import ProbeLife, ProbeTab, Seen
from farm.model.driver import Click, Fill, Goto, RoleSteps, Step, WaitFor
from farm.model.page_samples import Joined, ProbeEvent
from farm.model.trial_plan import ProbePlan

PLAN = ProbePlan(
    probe="p000",
    session="s000",
    role="caller",
    host="here",
    poll_phase=0.0,
    variables={"app_url": "http://app/", "session": "s000", "probe": "p000"},
    sends=("video",),
    receives=("video",),
)
STEPS = RoleSteps(
    join=(Goto("{app_url}call?session={session}"), Fill("#name", "{probe}")),
    joined=(WaitFor(selector="#in-call"),),
    leave=(Click("#leave"),),
)


class FakePage:
    """Notes its steps; `fails` says at which one it raises what."""

    def __init__(self, fails: dict[Step, Exception] | None = None) -> None:
        self.fails = fails or {}
        self.steps: list[Step] = []
        self.closed = 0

    async def run(self, step: Step) -> None:
        self.steps.append(step)
        if step in self.fails:
            raise self.fails[step]

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
