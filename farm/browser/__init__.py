"""Chromium: the program, the browsers of a host, their pages, and what pages report."""

from __future__ import annotations

from farm.browser.browser import Browser
from farm.browser.chromiums import Chromiums
from farm.browser.probe_page import BrowserPage

__all__ = [
    "Browser",
    "BrowserPage",
    "Chromiums",
]
