"""Renders a page's content as HTML."""

from __future__ import annotations

import jinja2

from reports.pages.page import ReportPage


def rendered(page: ReportPage) -> str:
    """The page as HTML; all text from a recording is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("index.html.j2").render(page=page)
