"""The page in a real browser: it loads from disk, shows its figures, sorts by keyboard."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from farm.browser.chromium_program import find_chromium
from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import JoinOutcome
from reports.pages.bundle import write_bundle
from tests import synthetic
from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial

pytestmark = pytest.mark.slow

END_S = HOLD_S + HELD_S
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest_asyncio.fixture
async def index(tmp_path: Path) -> Path:
    """A search of two trials, one of which failed."""
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2), purpose="search")
        await record_trial(
            run,
            clock,
            pages(4, p001=synthetic.Page("p001", seconds=END_S, loss=0.06)),
            index=1,
            purpose="search",
            joins=[JoinOutcome("p003", "s001", False, reason="signalling", message=HOSTILE)],
            events=[
                ProbeEvent(
                    "p003",
                    "failed",
                    synthetic.MONOTONIC_S,
                    HOSTILE,
                    {"reason": "signalling", "screenshot": "p003-signalling.png"},
                )
            ],
            screenshots=["p003-signalling.png", "mid-call-caller.png"],
        )
    return write_bundle(run.path)


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        await browser.close()


async def open_page(
    browser: Browser, index: Path, *, width: int = 1280, dark: bool = False
) -> tuple[Page, list[str]]:
    """The page, all of it unfolded, and what it complains about."""
    page = await browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on("requestfailed", lambda request: troubles.append(request.url))
    await page.goto(index.as_uri())
    await page.evaluate(
        """() => {
            for (const details of document.querySelectorAll("details")) details.open = true;
            for (const image of document.images) image.loading = "eager";
        }"""
    )
    await page.wait_for_function(
        "[...document.querySelectorAll('main img')].every((image) => image.complete)"
    )
    return page, troubles


async def test_the_page_reads_well_and_complains_about_nothing(
    browser: Browser, index: Path
) -> None:
    for width, dark in ((1280, False), (390, True)):
        page, troubles = await open_page(browser, index, width=width, dark=dark)
        assert troubles == []
        assert await page.locator("h1").inner_text() == "made up"
        broken = await page.evaluate(
            "[...document.querySelectorAll('main img')].filter((i) => !i.naturalWidth).length"
        )
        assert broken == 0
        without_alt = await page.evaluate(
            "[...document.querySelectorAll('main img')].filter((image) => !image.alt).length"
        )
        assert without_alt == 0
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        levels = await page.evaluate(
            "[...document.querySelectorAll('main h1, main h2, main h3, main h4, main h5')]"
            ".map((heading) => Number(heading.tagName[1]))"
        )
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
        assert await page.locator("img[src=x]").count() == 0, "what a page said is no markup"
        small = await page.evaluate(
            "[...document.querySelectorAll('main summary, main button, main a.large')]"
            ".filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 16)"
            ".length"
        )
        assert small == 0
        await page.close()


TABLES = """(boxes) => boxes.map((box) => {
    const right = box.getBoundingClientRect().right;
    const within = (element) => element.getBoundingClientRect().right <= right + 1;
    const caption = within(box.querySelector(".caption"));
    const wide = box.scrollWidth > box.clientWidth;
    const said = box.querySelector(".more").checkVisibility();
    box.scrollLeft = 1e6;
    const last = within(box.querySelector("th:last-child"));
    return [box.getAttribute("aria-label"), { wide, said, caption, last }];
})"""
"""Of each table: whether it is wider than its box, and says so; what of it is within the box."""


async def test_no_column_is_lost_on_a_narrow_page_and_none_of_the_trials_on_a_wide_one(
    browser: Browser, index: Path
) -> None:
    for width in (1200, 900, 400):
        page, _ = await open_page(browser, index, width=width)
        await page.wait_for_function(
            "[...document.querySelectorAll('.table')].every((box) =>"
            " (box.scrollWidth > box.clientWidth) === box.classList.contains('wide'))"
        )
        tables = dict(await page.locator(".table").evaluate_all(TABLES))
        for name, table in tables.items():
            assert table["said"] == table["wide"], f"{name} at {width}"
            assert table["caption"] and table["last"], f"{name} at {width}"
        assert tables["Trials"]["wide"] == (width < 1200)
        await page.close()


async def test_all_columns_are_on_paper(browser: Browser, index: Path) -> None:
    page, _ = await open_page(browser, index, width=718)  # A4 within its margins
    await page.emulate_media(media="print")
    tables = dict(await page.locator(".table").evaluate_all(TABLES))
    assert [name for name, table in tables.items() if table["wide"] or table["said"]] == []


async def test_the_worst_session_is_a_link_away_and_shows_its_rows_by_keyboard(
    browser: Browser, index: Path
) -> None:
    page = await browser.new_page()
    await page.goto(index.as_uri())
    trial = page.locator("#trial-001 > details")
    table = trial.locator("table", has_text="By session")
    await table.locator("a", has_text="s000").focus()
    await page.keyboard.press("Enter")
    section = page.locator("#trial-001-s000 > details")
    await page.wait_for_function("document.querySelector('#trial-001-s000 > details').open")
    assert await section.locator("table").count() == 1
    rows = section.locator("details.rows > summary").last
    await rows.focus()
    await page.keyboard.press("Enter")
    command = section.locator("details.rows[open] code.command").first
    assert (await command.inner_text()).startswith("farm report run --trial 1 --rows inbound-rtp")


async def test_tables_sort_by_keyboard_and_back(browser: Browser, index: Path) -> None:
    page, troubles = await open_page(browser, index)
    table = page.locator("#trial-001 table", has_text="By probe").first
    button = table.locator("th button", has_text="lost down")
    probes = table.locator("tbody tr td:first-child")
    await button.focus()
    await page.keyboard.press("Enter")
    assert await table.locator("th[aria-sort=ascending]").inner_text() == "lost down"
    assert (await probes.all_inner_texts())[-2:] == ["p001", "p003"], "what is unknown comes last"
    await page.keyboard.press("Space")
    assert await table.locator("th[aria-sort=descending]").inner_text() == "lost down"
    texts = await probes.all_inner_texts()
    assert (texts[0], texts[-1]) == ("p001", "p003")
    assert troubles == []


async def test_figures_open_large_by_keyboard_and_close_again(
    browser: Browser, index: Path
) -> None:
    page, troubles = await open_page(browser, index)
    link = page.locator("a.large").first
    await link.focus()
    await page.keyboard.press("Enter")
    large = page.locator("#lightbox img")
    await large.wait_for(state="visible")
    assert await large.get_attribute("alt") == await link.locator("img").get_attribute("alt")
    await page.keyboard.press("Escape")
    await large.wait_for(state="hidden")
    assert troubles == []


async def test_a_link_into_a_folded_trial_unfolds_it(browser: Browser, index: Path) -> None:
    page = await browser.new_page()
    await page.goto(index.as_uri())
    trial = page.locator("#trial-000 > details")
    await trial.evaluate("(details) => { details.open = false; }")
    await page.locator("nav a", has_text="Trial 0").click()
    await page.wait_for_function("document.querySelector('#trial-000 > details').open")
