"""A driver's steps from YAML to a real page: banners, repeats, pictures, steps in the hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.chromiums import Chromiums
from farm.drivers import parse_driver
from farm.errors import JoinError
from farm.hosts.probe import ProbeLife
from farm.model.page_samples import ProbeEvent
from farm.model.trial_plan import ProbePlan

pytestmark = pytest.mark.live

DRIVER = """\
format: 1
roles:
  member:
    join:
      - goto: "{app_url}steps?cookies"
      - if_visible: "#cookies"
        steps:
          - click: "#accept"
      - if_visible: "#cookies"
        within: 200ms
        steps:
          - click: "#accept"
      - repeat: {until: {selector: "#list li", state: attached, count: 3}}
        steps: [click: "#more"]
      - repeat: {each: partner}
        steps:
          - fill: {"#name": "{partner}"}
          - press: {"#name": Enter}
      - screenshot: lobby
    joined:
      - wait_for: {function: "document.querySelector('#done').textContent.includes('accepted')"}
    after_join:
      - at: 1s
        steps:
          - click: "#call-now"
          - wait_for: {function: "document.querySelector('#done').textContent.endsWith('called;')"}
      - at: 2s
        steps:
          - click: "#cal"
            within: 500ms
    leave:
      - click: "#menu"
"""


async def test_a_driver_in_a_real_page(
    chromiums: Chromiums, steps_app: str, tmp_path: Path
) -> None:
    driver = parse_driver(DRIVER, "mine.yaml", tmp_path)
    browser = await chromiums.browser()
    probe = ProbeLife(driver.roles["member"], browser.page, tmp_path / "pictures")
    variables = {"app_url": steps_app, "probe": "p000", "partners": "p001 p002"}
    await probe.open(ProbePlan("p000", "s000", "member", "here", 0.0, variables, (), ()))
    await probe.join()
    await probe.joined()
    await probe.after_join(0)
    with pytest.raises(JoinError) as caught:
        await probe.after_join(1)
    await probe.leave()
    assert str(caught.value).startswith(
        "mine.yaml:29: after_join 2 step 1, click #cal: not within 0.5 s (the step's `within`): "
        "no element matches #cal; there is #call"
    )
    events = [seen async for seen in probe.evidence() if isinstance(seen, ProbeEvent)]
    (skipped,) = (event for event in events if event.kind == "skipped")
    assert skipped.message == (
        "join step 3, if_visible #cookies: not visible within 0.2 s, 1 step skipped"
    )
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == [
        "p000-after-join-2.png",
        "p000-lobby.png",
    ]
    assert events[-1].kind == "left"
    assert not events[-1].message
