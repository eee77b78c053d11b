"""Chromium: the `program`, `chromiums` of a host, `automation` of pages, what they report."""

from __future__ import annotations

from farm.browser.automation import Browser
from farm.browser.chromiums import Chromiums
from farm.browser.probe_page import BrowserPage

__all__ = [
    "Browser",
    "BrowserPage",
    "Chromiums",
]
