"""What is said of a step that fails in a real page: by its element, its address, what came up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from farm.browser.element_trouble import SELECTORS_OF_PAGE, is_mistyped
from farm.errors import JoinError
from farm.model.driver import (
    AcceptDialog,
    Check,
    Click,
    DismissDialog,
    Fill,
    Goto,
    Mute,
    Reload,
    Select,
    Step,
    WaitFor,
    Where,
)
from farm.model.mask import Mask
from farm.model.page_samples import MOST_OF_ONE_DIALOG

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]
LATE = "not within 0.5 s (the step's `within`)"


async def failure(probe: Any, step: Step) -> JoinError:
    with pytest.raises(JoinError) as caught:
        await probe.page.run(step)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Click("#cal", within_s=0.5), f"{LATE}: no element matches #cal; there is #call"),
        (Click("text=Cal now", within_s=0.5), "no element matches text=Cal now; there is text=Ca"),
        (Click("#call", within_s=0.5), f"{LATE}: #call is hidden"),
        (Click("#off", within_s=0.5), f"{LATE}: #off is disabled"),
        (Fill("#fixed", "8", within_s=0.5), f"{LATE}: #fixed is read-only"),
        (
            Click("#behind", within_s=0.5),
            f'{LATE}: #behind is covered by <div id="cookies" class="banner">',
        ),
        (
            Select("#room", "Green", within_s=0.5),
            "#room is without an option 'Green', it has Red ",
        ),
        (Check("#call-now", within_s=0.5), "Not a checkbox or radio button"),
        (WaitFor(".join", count="2", within_s=0.5), f"{LATE}: 1 of .join, not 2"),
        (WaitFor("#menu", state="hidden", within_s=0.5), f"{LATE}: #menu is still visible"),
        (WaitFor(text="In call", within_s=0.5), f"{LATE}: the page does not show 'In call'"),
        (
            WaitFor("h1", text="Nothing", within_s=0.5),
            f"{LATE}: h1 is there, without the text 'Nothing': it is '",
        ),
        (Click("#only-inside", within_s=0.5), "#only-inside is in the frame #inner, set frame:"),
        (
            WaitFor("button", text="Here", within_s=0.5),  # the page has other buttons
            f"{LATE}: button with text 'Here' is in the frame #inner, set frame:",
        ),
        (
            Click("#call-now", within_s=0.5, where=Where(("#iner",))),
            f"{LATE}: no frame matches #iner; there is #inner",
        ),
        (
            Click("#title", within_s=0.5, where=Where(("#inner",))),
            "#title is in the page itself, leave frame out",
        ),
        (Click("#title", within_s=0.5, where=Where(in_new_tab=True)), "has opened no new tab"),
        (WaitFor(url="**/room/*", within_s=0.5), LATE),
        (Mute("camera"), "no connection of the page sends a camera"),
    ],
)
async def test_the_message_names_what_is_wrong_with_the_element(
    new_page: NewPage, steps_app: str, step: Step, message: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps?cookies&frame={steps_app}inside")
    await probe.page.run(WaitFor("#only-inside", where=Where(("#inner",))))
    assert message in str(await failure(probe, step))


async def test_what_is_in_a_new_tab_is_found_there(new_page: NewPage, steps_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved-to-tab")
    await probe.page.run(Click("#open"))
    await probe.page.run(WaitFor("#title", where=Where(in_new_tab=True)))
    error = await failure(probe, Click("#title", within_s=0.5))
    assert "#title is in a new tab, set in_new_tab: true" in str(error)


async def test_of_few_elements_all_are_named_where_none_is_like_the_selector(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved-to-tab")
    error = await failure(probe, Click("#begin", within_s=0.5))
    assert "no element matches #begin; visible to click or fill: #open" in str(error)
    await probe.page.tabs.own.set_content(
        "<button>Go on</button><input name=who><input type=hidden><a href=x aria-label=Help>?</a>"
        "<div id=host></div><script>host.attachShadow({mode: 'open'}).innerHTML ="
        " '<textarea placeholder=Say></textarea>'</script>"
    )
    error = await failure(probe, Fill("#begin", "x", within_s=0.5))
    for selector in ("text=Go on", '[name="who"]', '[aria-label="Help"]', '[placeholder="Say"]'):
        assert selector in str(error), selector
    await probe.page.tabs.own.set_content("<p>Soon</p>")
    error = await failure(probe, Click("#begin", within_s=0.5))
    assert "no element matches #begin; no button, link or field is visible" in str(error)
    await probe.page.tabs.own.set_content("<button>Go</button>" * 9 + "<input><select>")
    await probe.page.tabs.own.evaluate(
        "document.querySelectorAll('button').forEach((each, at) => { each.id = `b${at}`; })"
    )
    error = await failure(probe, Click("main", within_s=0.5))
    assert "no element matches main" in str(error)
    assert "visible to click" not in str(error)


async def test_what_is_hidden_from_roles_alone_is_found_and_the_way_to_it_told(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.page.run(Goto(f"{steps_app}steps"))
    (page,) = probe.page.tabs.from_newest()
    await page.set_content("<div aria-hidden='true'><button>Answer</button></div>")
    selector = 'role=button[name="Answer"]'
    error = await failure(probe, Click(selector, within_s=0.5))
    found = f"{selector}[include-hidden]"
    assert f"one is visible, but hidden from the accessibility tree (aria-hidden), {found}" in str(
        error
    )
    await probe.page.run(Click(found, within_s=2.0))


async def test_an_origin_without_a_camera_is_named_with_the_way_out(new_page: NewPage) -> None:
    probe = await new_page()
    (tab,) = probe.page.tabs.from_newest()
    script = "navigator.mediaDevices.getUserMedia({ video: true })"
    body = f"<button>Join</button><script>{script}</script>"
    await tab.context.route(
        "**/*", lambda route: route.fulfill(content_type="text/html", body=body)
    )
    await probe.page.run(Goto("http://plain.test/room"))
    error = await failure(probe, Click("#join", within_s=0.5))
    assert error.reason == "page_error"
    assert (
        "http://plain.test is no secure context, so that its pages have no camera: https, or "
        "probes.flags: ['--unsafely-treat-insecure-origin-as-secure=http://plain.test']"
    ) in str(error)


async def test_a_step_before_any_goto_says_that_the_page_is_blank(new_page: NewPage) -> None:
    error = await failure(await new_page(), Fill("#name", "p000", within_s=0.5))
    assert "the page is about:blank, as it is before any goto" in str(error)


async def test_what_was_filled_in_names_no_element_and_no_long_text_is_cut(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved-to-tab")
    await probe.page.tabs.own.set_content(
        "<input><textarea></textarea><p contenteditable=true>Say</p><input type=submit value=Go>"
        f"<button>Token {'s3cret' * 30}</button><button id=':r1:'>Menu</button>"
    )
    for field in ("input", "textarea", "p"):
        await probe.page.run(Fill(field, f"s3cret of {field}"))
    error = await failure(probe, Click("#begin", within_s=0.5))
    assert (
        "no element matches #begin; visible to click or fill: input, textarea, p, text=Go, "
        '[id=":r1:"]'
    ) in str(error)
    assert "s3cret" not in str(error)


async def test_selectors_of_elements_are_written_so_that_secrets_in_them_are_masked(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved-to-tab")
    await probe.page.tabs.own.set_content(
        "<button id=call-al@example.org class=of-al@example.org>Call</button>"
    )
    mask = Mask(["al@example.org"])
    selectors = await probe.page.tabs.own.evaluate(SELECTORS_OF_PAGE)
    assert [mask(each) for each in selectors] == [
        '[id="call-***"]',
        '[class~="of-***"]',
        "text=Call",
    ]
    error = await failure(probe, Click("#begin", within_s=0.5))
    assert 'visible to click or fill: [id="call-***"]' in mask(str(error))


async def test_of_options_that_are_long_there_is_only_the_number(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved-to-tab")
    options = f"<option>{'s3cret' * 30}<option>{'s3cret' * 40}"
    for content, seen in ((f"<option>Red{options}", "Red and 2 more"), (options, "2 more")):
        await probe.page.tabs.own.set_content(f"<select id=room>{content}</select>")
        error = await failure(probe, Select("#room", "Green", within_s=0.5))
        assert f"#room is without an option 'Green', it has {seen}" in str(error)
        assert "s3cret" not in str(error)


async def test_a_page_that_ends_elsewhere_says_where(new_page: NewPage, steps_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}moved")
    error = await failure(probe, Click("#call-now", within_s=0.5))
    assert error.reason == "login"
    assert (
        f"the page asks for a login; the page is now at {steps_app}login, "
        f"goto opened {steps_app}moved"
    ) in str(error)


async def test_a_page_that_loads_itself_again_says_how_often(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps?reload")
    error = await failure(probe, WaitFor("#call", within_s=1.5))
    assert f"the page is at {steps_app}steps?reload, it was loaded " in str(error)
    loads = probe.witness.events("loaded")
    assert len(loads) > 2
    assert loads[0].data == {"url": f"{steps_app}steps?reload", "tab": 0, "after_step_s": 0.0}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("secret", "secret: it asks for a user and a password, which app.basic_auth_env names"),
        ("download", "the address is a download, not a page"),
        ("slow", "/slow did not answer"),
    ],
)
async def test_an_address_that_is_no_page(
    new_page: NewPage, steps_app: str, path: str, message: str
) -> None:
    error = await failure(await new_page(), Goto(f"{steps_app}{path}", within_s=1))
    assert error.reason == ("timeout" if path == "slow" else "navigation")
    assert message in str(error)


@pytest.mark.parametrize(
    ("path", "awaited", "way_out"),
    [
        ("endless", "{app}slow", "domcontentloaded"),
        ("unparsed", "{app}slow", "commit"),
        ("crowded", "{app}slow, {app}slow/1 and 2 more", "domcontentloaded"),
    ],
)
async def test_a_page_that_does_not_finish_loading_names_what_it_waits_for_and_can_be_used(
    new_page: NewPage, steps_app: str, path: str, awaited: str, way_out: Any
) -> None:
    probe = await new_page()
    error = await failure(probe, Goto(f"{steps_app}{path}", within_s=1))
    assert error.reason == "timeout"
    assert (
        f"/{path} answered, but did not finish loading: it waits for "
        f"{awaited.format(app=steps_app)}; goto goes on without that by wait_until: {way_out}"
    ) in str(error)
    await probe.page.run(Goto(f"{steps_app}{path}", way_out, within_s=5))
    await probe.page.run(WaitFor("body" if path == "crowded" else "h1"))
    error = await failure(probe, Reload(within_s=1))
    assert f"it waits for {awaited.format(app=steps_app)}; reload goes on" in str(error)
    await probe.page.run(Reload(way_out, within_s=5))


async def test_a_page_that_does_not_come_again_did_not_answer(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}once")
    error = await failure(probe, Reload(within_s=1))
    assert f"{LATE.replace('0.5', '1')}: {steps_app}once did not answer" in str(error)


async def test_a_certificate_that_is_refused_is_advised_on(
    new_page: NewPage, self_signed_app: str
) -> None:
    error = await failure(await new_page(), Goto(self_signed_app))
    assert "set app.accept_self_signed: true" in str(error)


async def test_a_download_that_a_click_began_is_mentioned(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps")
    await probe.page.run(Click("#file"))
    error = await failure(probe, WaitFor("#room-of-7", within_s=0.5))
    assert f"a download began: app.zip from {steps_app}download" in str(error)


async def test_an_alert_before_anything_else_is_named(new_page: NewPage, steps_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps?alert")
    error = await failure(probe, WaitFor("#room-of-7", within_s=0.5))
    assert error.reason == "dialog"
    assert "unexpected dialog: alert 'Log in first'" in str(error)
    assert "accept_dialog" not in str(error)  # it has one answer
    probe = await new_page()
    probe.page.begins("app.yaml:5: join step 1, goto")
    await probe.goto(f"{steps_app}steps?alert")
    probe.page.begins("app.yaml:6: joined step 1, wait_for #room-of-7")
    error = await failure(probe, WaitFor("#room-of-7", within_s=0.5))
    assert "'Log in first', which came in app.yaml:5: join step 1, goto" in str(error)
    probe = await new_page()
    await probe.page.run(AcceptDialog())
    await probe.goto(f"{steps_app}steps?alert")
    assert (await failure(probe, WaitFor("#room-of-7", within_s=0.5))).reason == "timeout"


async def test_every_dialog_is_an_event_with_its_answer(new_page: NewPage, steps_app: str) -> None:
    probe = await new_page()
    probe.page.begins("app.yaml:6: join step 1, goto")
    await probe.goto(f"{steps_app}inside")
    await probe.do("() => { alert('Hi there'); }")
    await probe.page.run(DismissDialog())
    await probe.do("() => { confirm('Really?'); prompt('PIN?', '7'); }")
    await probe.page.run(AcceptDialog())
    await probe.do("() => { confirm('Really?'); prompt('PIN?'); prompt('PIN?', '7'); }")
    await probe.page.run(AcceptDialog("1234"))
    await probe.do("() => { prompt('PIN?'); }")
    events = probe.witness.events("dialog")
    assert [event.message for event in events] == [
        "alert 'Hi there' was closed",
        "confirm 'Really?' was cancelled",
        "prompt 'PIN?' was cancelled",
        "confirm 'Really?' was answered with OK",
        "prompt 'PIN?' was answered with an empty text",
        "prompt 'PIN?' was answered with '7'",
        "prompt 'PIN?' was answered with '1234'",
    ]
    assert [event.data["unexpected"] for event in events] == [True, *[False] * 6]
    assert events[0].data["step"] == "app.yaml:6: join step 1, goto"


async def test_a_page_may_be_left_and_its_alerts_without_end_are_recorded_some_times(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps")
    await probe.do("() => { for (let n = 0; n < 30; n += 1) alert('Hurry'); }")
    await probe.do("() => { addEventListener('beforeunload', (e) => e.preventDefault()); }")
    await probe.page.run(Click("#call-now"))  # without an act of its user none is asked
    await probe.goto(f"{steps_app}inside")
    *alerts, left = probe.witness.events("dialog")
    assert len(alerts) == MOST_OF_ONE_DIALOG
    assert left.message == "beforeunload was answered with OK"
    assert left.data["unexpected"] is False


FORM = (
    "<form><input id=who><input id=key type=password><button id=go type=button>Go</button></form>"
)


async def test_a_password_left_out_of_a_form_that_the_driver_fills_in_is_no_login(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps")
    late = WaitFor("#in-call", within_s=0.5)
    await probe.page.tabs.own.set_content(FORM)
    assert (await failure(probe, late)).reason == "login"
    await probe.page.run(Fill("#who", "p000"))
    error = await failure(probe, late)
    assert (error.reason, "login" in str(error)) == ("timeout", False)
    await probe.page.run(Fill("#key", "wrong"))
    assert (await failure(probe, late)).reason == "login"


async def test_a_selector_that_is_a_letter_off_is_no_login(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps")
    await probe.page.tabs.own.set_content(FORM.replace("id=who", "id=user-name"))
    error = await failure(probe, Fill("#usernme", "p000", within_s=0.5))
    assert (error.reason, "login" in str(error)) == ("timeout", False)
    assert "no element matches #usernme; there is #user-name" in str(error)
    error = await failure(probe, Fill("#name", "p000", within_s=0.5))  # on the page behind
    assert error.reason == "login"


@pytest.mark.parametrize(
    ("selector", "there", "mistyped"),
    [
        ("#cal", "#call", True),
        ("#clal", "#call", True),
        (".call", "#call", True),
        ("#displayName", "#display-name", True),
        ("#call", "#call", False),
        ("#name", "#username", False),
        ('[name="name"]', '[name="username"]', False),
        ("#joinbutton", "#loginbutton", False),
    ],
)
def test_a_mistyped_selector_differs_by_a_letter(selector: str, there: str, mistyped: bool) -> None:
    assert is_mistyped(selector, there) is mistyped


async def test_what_a_dialog_box_of_the_page_says_is_told_and_need_not_be_an_error(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{steps_app}steps")
    await probe.page.tabs.own.set_content(
        "<p id=status>Calling</p><div role=dialog>The name is taken</div>"
    )
    error = await failure(probe, WaitFor("#in-call", within_s=0.5))
    assert error.reason == "timeout"
    assert "the page shows 'The name is taken' in [role=dialog]" in str(error)
