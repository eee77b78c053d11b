"""Playwright's list of devices: a screen, touch and a user agent by name (`Pixel 7`).

`python -m farm.browser.devices` prints it as JSON: Playwright tells it only once it is started,
which it cannot be inside of a loop that runs already.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from playwright.sync_api import sync_playwright

from farm.errors import BadInput, MissingTool

LISTED_WITHIN_S = 60.0


@functools.cache
def devices() -> Mapping[str, Mapping[str, Any]]:
    """Settings of each device by its name. Blocks for a second, once. Raises MissingTool."""
    try:
        listed = subprocess.run(
            [sys.executable, "-P", "-m", "farm.browser.devices"],
            capture_output=True,
            text=True,
            timeout=LISTED_WITHIN_S,
            check=True,
        ).stdout
        known: Mapping[str, Mapping[str, Any]] = json.loads(listed)
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().rpartition("\n")[2] or f"status {error.returncode}"
        raise MissingTool(f"Playwright lists no devices: {why}") from error
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise MissingTool(f"Playwright lists no devices: {error}") from error
    return known


def device_named(name: str) -> Mapping[str, Any]:
    """The settings of the device of this name. Raises BadInput that names the nearest."""
    known = devices()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, 3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"expected one such as {min(known)}"
    raise BadInput(f"probes.device: {name}: Playwright has no such device: {hint}")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        sys.stdout.write(json.dumps(playwright.devices))
