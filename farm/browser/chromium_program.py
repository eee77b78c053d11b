"""Chromium as a program: where it is on this machine, and the command that starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from farm.errors import ExperimentError, MissingTool
from farm.files.path_beside import is_there
from farm.model.page_address import origin_of

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT_CACHE = Path("~/.cache/ms-playwright")
INSTALL = "playwright install --with-deps chromium"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")

HEADLESS = "--headless=new"

NO_PROXY = "--no-proxy-server"
"""Left out where the user's own flags name a proxy, which it would override."""

SECURE_ORIGINS = "--unsafely-treat-insecure-origin-as-secure"
LISTS = ("--disable-features", "--enable-features", "--enable-blink-features", SECURE_ORIGINS)

FLAGS: tuple[tuple[str, str], ...] = (
    (HEADLESS, "the browser that users have, without a screen"),
    ("--remote-debugging-port=0", "DevTools on a free port, which it prints on stderr"),
    ("--use-fake-device-for-media-stream", "cameras and microphones that play our clip"),
    ("--use-fake-ui-for-media-stream", "they are allowed without a question"),
    ("--autoplay-policy=no-user-gesture-required", "received media plays without a click"),
    ("--mute-audio", "a machine with speakers stays silent; received audio is still played out"),
    ("--disable-features=WebRtcHideLocalIpsWithMdns", "candidates are addresses, not .local names"),
    (
        "--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup",
        "else each window loads the page of its address bar's list, unseen",
    ),
    ("--allow-loopback-in-peer-connection", "a server on this machine, without any network"),
    ("--disable-background-timer-throttling", "many pages share a browser: none is throttled"),
    ("--disable-renderer-backgrounding", "none gets a lower priority"),
    ("--disable-backgrounding-occluded-windows", "none stops showing video"),
    ("--disable-hang-monitor", "a page that is slow under load is not killed for it"),
    ("--disable-dev-shm-usage", "a container's /dev/shm of 64 MB is too small for many pages"),
    ("--disable-background-networking", "no traffic but the probes' own"),
    ("--disable-component-update", "likewise"),
    ("--disable-default-apps", "likewise"),
    ("--disable-sync", "likewise"),
    ("--disable-domain-reliability", "likewise"),
    (NO_PROXY, "a server under test is asked by us, not by a proxy of the environment"),
    ("--disable-quic", "page loads keep out of UDP, which is what is measured"),
    ("--disable-breakpad", "no crash reports outside our directories"),
    ("--no-first-run", "no welcome page"),
    ("--no-default-browser-check", "no question"),
    ("--password-store=basic", "no key ring of the desktop"),
    ("--force-color-profile=srgb", "screenshots look the same on every machine"),
)
"""The flags that every browser of ours gets, each with its reason."""

NO_SANDBOX = ("--no-sandbox", "Chromium does not start where its sandbox cannot work")
NAMESPACES_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def find_chromium(setting: Path | None, playwright_cache: Path = PLAYWRIGHT_CACHE) -> Path:
    """The browser to use: `setting` (`probes.chromium`), one on the PATH, or Playwright's own.

    Ubuntu's package is a stub for a snap, which cannot read our clips and profiles: it is skipped.
    Raises MissingTool with the command that installs a browser.
    """
    if setting is not None:
        path = setting.expanduser()
        try:
            is_program = is_there(path) and path.is_file() and os.access(path, os.X_OK)
        except ExperimentError as error:
            raise MissingTool(f"probes.chromium: {error}") from error
        if not is_program:
            raise MissingTool(
                f"probes.chromium: {setting}: not a program; leave it out to find one"
            )
        if _is_snap(path):
            raise MissingTool(f"probes.chromium: {setting} is a snap; instead: {INSTALL}")
        return path
    snaps = []
    for name in NAMES:
        if program := shutil.which(name):
            if not _is_snap(Path(program)):
                return Path(program)
            snaps.append(program)
    builds = playwright_cache.expanduser().glob("chromium-*/chrome-linux*/chrome")
    if own := sorted(builds, key=lambda path: int(path.parts[-3].rpartition("-")[2])):
        return own[-1]
    if snaps:
        raise MissingTool(f"{snaps[0]} is a snap, which cannot read clips; instead: {INSTALL}")
    raise MissingTool(f"no Chromium on this machine: install the package chromium, or {INSTALL}")


def chromium_version(chromium: Path) -> str:
    """The answer of its `--version`, `Chromium 156.0.8078.79 ...`. Raises MissingTool."""
    version = _version_of(f"probes.chromium: {chromium}", [chromium])
    return version or f"{chromium} (says no version)"


def playwright_version() -> str:
    """The answer of `--version` of Playwright's driver, `Version 1.65.2`. Raises MissingTool.

    The driver is a Node.js of its own; on a minimal system it may lack a library.
    """
    return _version_of("Playwright's driver", [sys.executable, "-P", "-m", "playwright"])


def _version_of(name: str, program: Sequence[str | Path]) -> str:
    try:
        return subprocess.run(
            [*program, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().rpartition("\n")[2] or f"it ends with status {error.returncode}"
        raise MissingTool(f"{name} does not start: {why}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingTool(f"{name} does not start: {error}") from error


def sandbox_works(
    chromium: Path, *, as_root: bool, restricted: Path = NAMESPACES_RESTRICTED
) -> bool:
    """Whether Chromium's sandbox can work: it cannot for root.

    Nor on Ubuntu since 23.10, where only programs that AppArmor knows may make user namespaces;
    Playwright's in a home is not among them.
    """
    if as_root:
        return False
    known = chromium.is_relative_to("/usr") or chromium.is_relative_to("/opt")
    return known or not restricted.exists() or restricted.read_text().strip() != "1"


def chromium_command(
    chromium: Path,
    profile: Path,
    *,
    app_url: str,
    led_to: Iterable[str] = (),
    video: Path | None,
    audio: Path | None,
    more: Iterable[str] = (),
    sandbox: bool = True,
    headed: bool = False,
) -> list[str]:
    """The command of one browser with its profile in `profile`.

    Without `video` the camera is Chromium's own green test picture, without `audio` the microphone
    beeps as Chromium's does. `more` are the user's flags; they come last, and lists of features
    are joined with ours. `app_url` and the origins in `led_to` are treated as secure where they are
    plain http and not loopback, since pages have cameras in secure contexts only. One that is
    `headed` has a window, for a person.
    """
    more = list(more)
    own_proxy = any(flag.startswith("--proxy-") for flag in more)
    left_out = {NO_PROXY} if own_proxy else set()
    left_out |= {HEADLESS} if headed else set()
    flags = [flag for flag, _why in FLAGS if flag not in left_out]
    if not sandbox:
        flags.append(NO_SANDBOX[0])
    if video is not None:
        flags.append(f"--use-file-for-fake-video-capture={video}")
    if audio is not None:
        flags.append(f"--use-file-for-fake-audio-capture={audio}")
    plain = [url for url in (app_url, *led_to) if url.lower().startswith("http:")]
    insecure = [origin_of(url) for url in plain if urlsplit(url).hostname not in LOOPBACK]
    if insecure:
        origins = ",".join(dict.fromkeys(insecure))
        flags.append(f"{SECURE_ORIGINS}={origins}")
    return [str(chromium), *_joined([*flags, *more]), f"--user-data-dir={profile}", "about:blank"]


def _joined(flags: list[str]) -> list[str]:
    """The flags with all lists of one kind in one flag each: Chromium takes the last of equals."""
    lists: dict[str, list[str]] = {}
    others = []
    for flag in flags:
        name, _, value = flag.partition("=")
        if name in LISTS:
            lists.setdefault(name, []).append(value)
        else:
            others.append(flag)
    return [*others, *(f"{name}={','.join(values)}" for name, values in lists.items())]


def _is_snap(path: Path) -> bool:
    """Whether it is a link into snapd, or Ubuntu's script that starts `/snap/bin/chromium`."""
    real = path.resolve()
    if real.name == "snap" or "/snap/" in str(path) or str(real).startswith("/snap/"):
        return True
    with real.open("rb") as program:
        start = program.read(4096)
    return start.startswith(b"#!") and b"/snap/bin/chromium" in start
