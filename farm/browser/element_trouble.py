"""Why a step found no element that it could use: none matches, or it is hidden, covered, disabled.

Playwright's call log has what it saw of the element; what is on the page instead is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from playwright.async_api import Frame, Page

from farm.browser.conditions import matches
from farm.browser.documents import frame_of
from farm.browser.playwright_trouble import bounded
from farm.browser.tabs import Tabs
from farm.model.driver import HERE, Select, Step, WaitFor, Where

LOOK_WITHIN_S = 2.0
BLANK = "about:blank"
FRAME_WITHIN_MS = 500
LONGEST = 120
MOST_SHOWN = 5

SEEN = (
    (re.compile(r"- (<.+>) intercepts pointer events"), "covered by {}"),
    (re.compile(r"- element is not enabled"), "disabled"),
    (re.compile(r"- element is not editable"), "read-only"),
    (re.compile(r"- element is not stable"), "moving all the time"),
    (re.compile(r"- element is outside of the viewport"), "outside of the window"),
)
"""Lines of Playwright's log about an element that it found, and what they mean."""

MOST_ACTIVE = 8
ACTIVE = (
    "button, a[href], summary, input:not([type=hidden]), select, textarea, "
    "[role=button], [contenteditable=true]"
)
"""What a page has to be clicked or filled."""

SELECTORS_OF_ACTIVE = """(elements) => elements.map((element) => {
    const isButton = ["button", "submit", "reset"].includes(element.type);
    const isField = element.isContentEditable || element.matches("input, textarea");
    const label = isField && !isButton ? "" : element.innerText || element.value;
    const words = (label || "").trim();
    const by = ["name", "aria-label", "placeholder"].find((name) => element.getAttribute(name));
    const { id } = element;
    if (id) return CSS.escape(id) === id ? `#${id}` : `[id="${id}"]`;
    if (by) return `[${by}="${element.getAttribute(by)}"]`;
    return words ? `text=${words}` : element.localName;
})"""
"""How each of these could be found; never by what was filled in, which may be a secret. Nothing is
escaped, as in `#alice\\@example\\.org` no mask would know a user's name."""

SELECTORS_OF_PAGE = """() => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true });
    const selectors = new Set();
    const words = (element) => (element.innerText || element.value || "").trim();
    for (const element of [...document.querySelectorAll("*")].slice(0, 5000)) {
        const { id } = element;
        if (id) selectors.add(CSS.escape(id) === id ? `#${id}` : `[id="${id}"]`);
        for (const name of element.classList) {
            selectors.add(CSS.escape(name) === name ? `.${name}` : `[class~="${name}"]`);
        }
        for (const name of ["name", "data-testid", "data-test", "aria-label", "placeholder"]) {
            const value = element.getAttribute(name);
            if (value && value.length < 60) selectors.add(`[${name}="${value}"]`);
        }
        if (element.matches("button, a, label, summary, [role=button], input[type=submit]")) {
            const text = words(element);
            if (text && text.length < 60 && shown(element)) selectors.add(`text=${text}`);
        }
    }
    return [...selectors].slice(0, 2000);
}"""
"""What elements of a document could be found by."""


@dataclass(frozen=True, slots=True)
class ElementTrouble:
    """What is wrong with the element of a step.

    `is_mistyped`: none matches, and the page has one whose name differs by a letter.
    """

    description: str
    is_mistyped: bool = False


def seen_of_element(log: str) -> str | None:
    """What Playwright saw last of an element that it found; `None`: nothing that explains it."""
    for line in reversed(log.splitlines()):
        for sign, meaning in SEEN:
            seen = sign.search(line)
            if seen is not None:
                return meaning.format(*(_short(text) for text in seen.groups()))
    return None


def nearest(selector: str, there: Sequence[str]) -> list[str]:
    """Selectors of the page that are like one that matches nothing, the most similar first."""
    near = get_close_matches(selector, there, 3, cutoff=0.7)
    if not near and "=" not in selector[:5] and selector[:1].isalpha():
        near = get_close_matches(f"text={selector}", there, 3, cutoff=0.7)
    return near


def is_mistyped(selector: str, there: str) -> bool:
    """Whether two selectors differ, by one letter at most beside capitals, dashes, underscores."""
    one, other = (re.sub("[-_]", "", each).lower() for each in (selector, there))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    letters = max(len(one), len(other)) - sum(block.size for block in blocks)
    return selector != there and letters <= 1


async def element_trouble(step: Step, tabs: Tabs, log: str) -> ElementTrouble | None:
    """What is wrong with the element of a step; `None`: it has none, or nothing is known.

    `log` is Playwright's, in which secrets are masked already, since long lines of it are cut.
    """
    selector = getattr(step, "selector", None)
    text = step.text if isinstance(step, WaitFor) else None
    if selector is None and text is None:
        return None
    async with bounded(LOOK_WITHIN_S):
        try:
            document = await _document(step.where, tabs)
        except LookupError as error:
            return ElementTrouble(str(error))
        return await _in_document(step, WaitFor(selector, text=text), tabs, document, log)
    return None


async def _document(where: Where, tabs: Tabs) -> Page | Frame:
    """The document in which a step acts. Raises LookupError saying which part is not there."""
    page = tabs.from_newest()[0] if where.in_new_tab else tabs.own
    if where.in_new_tab and page is tabs.own:
        raise LookupError("the page has opened no new tab")
    for depth, frame in enumerate(where.frames):
        outer = await frame_of(Where(where.frames[:depth]), page, FRAME_WITHIN_MS)
        if not await outer.locator(frame).count():
            nothing = await _nothing(frame, outer, "no frame matches")
            raise LookupError(nothing.description)
    return await frame_of(where, page, FRAME_WITHIN_MS)


async def _in_document(
    step: Step, wanted: WaitFor, tabs: Tabs, document: Page | Frame, log: str
) -> ElementTrouble | None:
    if isinstance(step, WaitFor) and step.state in ("hidden", "detached"):
        still = "there" if step.state == "detached" else "visible"
        return ElementTrouble(f"{_element(step)} is still {still}")
    number = await matches(wanted, document).count()
    if number:
        trouble = await _of_those(step, wanted, document, number, log)
        return None if trouble is None else ElementTrouble(trouble)
    elsewhere = await _elsewhere(wanted, step.where, tabs, document)
    if elsewhere is not None:
        return ElementTrouble(elsewhere)
    if document is tabs.own and document.url == BLANK:
        return ElementTrouble("the page is about:blank, as it is before any goto")
    if wanted.text is not None and wanted.selector is not None:
        others = await _texts(wanted.selector, document)
        if others:
            without = f"without the text {wanted.text!r}: {others}"
            return ElementTrouble(f"{wanted.selector} is there, {without}")
    return await _nothing(wanted.selector, document, "no element matches", wanted.text)


async def _of_those(
    step: Step, wanted: WaitFor, document: Page | Frame, number: int, log: str
) -> str | None:
    """Of an element that is there, or of several."""
    name = _element(wanted)
    visible = await matches(wanted, document).filter(visible=True).count()
    if isinstance(step, WaitFor) and step.count is not None:
        return f"{visible if step.state == 'visible' else number} of {name}, not {step.count}"
    if not visible:
        return f"{name} is hidden" if number == 1 else f"all {number} of {name} are hidden"
    seen = seen_of_element(log)
    if isinstance(step, Select) and "did not find some options" in log:
        options = (
            await matches(wanted, document)
            .filter(visible=True)
            .first.evaluate("element => [...element.options].map((option) => option.label)")
        )
        seen = f"without an option {step.option!r}, it has {_listed(options)}"
    if seen is None:
        return None
    several = f" (the first of {visible} that match)" if visible > 1 else ""
    return f"{name}{several} is {seen}"


async def _nothing(
    selector: str | None, document: Page | Frame, line: str, text: str | None = None
) -> ElementTrouble:
    if selector is None:
        return ElementTrouble(f"the page does not show {text!r}")
    hidden = await _hidden_from_roles(selector, document)
    if hidden:
        return ElementTrouble(f"{line} {selector}: {hidden}")
    with_text = "" if text is None else f" with text {text!r}"
    like = nearest(selector, await document.evaluate(SELECTORS_OF_PAGE))
    near = _lines(like)
    instead = f"there is {_listed(near)}" if near else await _active(document)
    return ElementTrouble(
        f"{line} {selector}{with_text}{instead and '; '}{instead}",
        is_mistyped=any(is_mistyped(selector, each) for each in like),
    )


async def _hidden_from_roles(selector: str, document: Page | Frame) -> str:
    """Whether `role=` overlooks an element that is seen, as the page hides it from such tools."""
    if not selector.startswith("role=") or ">>" in selector or "[include-hidden" in selector:
        return ""
    if await document.locator(f"{selector}[include-hidden]").filter(visible=True).count() == 0:
        return ""
    return (
        "one is visible, but hidden from the accessibility tree (aria-hidden), "
        f"{selector}[include-hidden] finds it"
    )


async def _texts(selector: str, document: Page | Frame) -> str:
    """What visible elements say, as `it is 'Call'`; empty where there is none."""
    visible = document.locator(selector).filter(visible=True)
    texts = await visible.evaluate_all("all => all.map((each) => each.innerText || '')")
    if not texts:
        return ""
    shown = [repr(line) for line in _lines(texts)[:MOST_SHOWN]]
    return f"it is {', '.join(shown)}" if shown else "it has none"


async def _active(document: Page | Frame) -> str:
    """The elements that are visible and can be clicked or filled, where they are few; else ``."""
    visible = document.locator(ACTIVE).filter(visible=True)
    there = dict.fromkeys(await visible.evaluate_all(SELECTORS_OF_ACTIVE))
    if not there:
        return "no button, link or field is visible"
    if len(there) > MOST_ACTIVE:
        return ""
    names = _lines(there)
    return f"visible to click or fill: {', '.join(names)}" if names else ""


async def _elsewhere(wanted: WaitFor, where: Where, tabs: Tabs, but: Page | Frame) -> str | None:
    """Where else the element is: in a frame, or another tab."""
    for tab in tabs.from_newest():
        for frame in tab.frames:
            inner = frame is not tab.main_frame
            if frame is but or (not inner and tab is but):
                continue
            if not await matches(wanted, frame).count():
                continue
            places = []
            if inner:
                element = await frame.frame_element()
                id_, name, source = await element.evaluate("e => [e.id, e.name, e.src]")
                by = f"#{id_}" if id_ else f'iframe[name="{name}"]' if name else f"of {source}"
                places.append(f"the frame {by}, set frame:")
            if tab is not tabs.own:
                places.append("a new tab, set in_new_tab: true")
            elif where.in_new_tab:
                places.append("the probe's own tab, leave in_new_tab out")
            elif not inner and where != HERE:
                places.append("the page itself, leave frame out")
            return f"{_element(wanted)} is in {' and in '.join(places)}"
    return None


def _element(step: WaitFor) -> str:
    with_text = "" if step.text is None else f"text {step.text!r}"
    if step.selector is None:
        return with_text
    return f"{step.selector} with {with_text}" if with_text else step.selector


def _listed(names: Sequence[str]) -> str:
    shown = _lines(names)[:MOST_SHOWN]
    more = len(names) - len(shown)
    return " and ".join(filter(None, (", ".join(shown), f"{more} more" if more else "")))


def _lines(texts: Iterable[str]) -> list[str]:
    """Each text in one line, without long ones: of a secret that is cut the mask knows nothing."""
    lines = (" ".join(text.split()) for text in texts)
    return [line for line in lines if line and len(line) <= LONGEST]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
