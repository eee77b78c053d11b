"""Opens a page, and says plainly why one cannot be opened."""

from __future__ import annotations

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.model.driver import LoadedWhen

ADVICE = {
    "net::ERR_CERT_": "for a certificate of your own set app.accept_self_signed: true",
    "net::ERR_SSL_": "is it https:// at all?",
    "net::ERR_INVALID_AUTH_CREDENTIALS": (
        "it asks for a user and a password, which app.basic_auth_env names (user:password in the"
        " environment), or app.url has (http://USER:PASSWORD@host/)"
    ),
    "Download is starting": "the address is a download, not a page",
}


async def go_to(page: Page, url: str, within_ms: float, wait_until: LoadedWhen = "load") -> None:
    """Open the page and wait until it is loaded so far. Raises Playwright's errors."""
    try:
        response = await page.goto(url, timeout=within_ms, wait_until=wait_until)
    except PlaywrightTimeoutError:
        raise
    except PlaywrightError as error:
        advice = next((text for sign, text in ADVICE.items() if sign in str(error)), None)
        if advice is None:
            raise
        line = str(error).strip().partition("\n")[0]
        raise PlaywrightError(f"{line}: {advice}") from error
    if response is None or response.ok:
        return
    at = "" if response.url == url else f" (after a redirect, {response.url})"
    raise PlaywrightError(f"{url} answered {response.status}{at}")
