"""Chromium: the `program`, `chromiums` of a host, `automation` of pages, what they report."""

from __future__ import annotations

from farm.browser.automation import Browser, BrowserPage
from farm.browser.chromiums import Chromiums

__all__ = [
    "Browser",
    "BrowserPage",
    "Chromiums",
]
