"""Chromium: the `program`, `chromiums` of a host, each `browser`, its pages, what they report."""

from __future__ import annotations

from farm.browser.browser import Browser
from farm.browser.chromiums import Chromiums
from farm.browser.probe_page import BrowserPage

__all__ = [
    "Browser",
    "BrowserPage",
    "Chromiums",
]
