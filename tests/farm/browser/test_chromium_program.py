"""Finding Chromium, and the command that starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.chromium_program import FLAGS, chromium_command, find_chromium, sandbox_works
from farm.errors import MissingTool

UBUNTU_STUB = """#!/bin/sh
if ! [ -x /snap/bin/chromium ]; then
    echo "Command '$0' requires the chromium snap to be installed." >&2
    exit 1
fi
exec /snap/bin/chromium "$@"
"""


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: nothing on the PATH but `bin`, nothing of Playwright's."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_the_systems_browser_comes_first(machine: Path) -> None:
    ours = program(machine / "bin/chromium")
    program(machine / "cache/chromium-1234/chrome-linux/chrome")
    assert find_chromium(None, machine / "cache") == ours


def test_ubuntus_stub_is_passed_over_for_playwrights_newest(machine: Path) -> None:
    program(machine / "bin/chromium-browser", UBUNTU_STUB)
    program(machine / "cache/chromium-999/chrome-linux/chrome")
    newest = program(machine / "cache/chromium-1234/chrome-linux64/chrome")
    assert find_chromium(None, machine / "cache") == newest


def test_with_a_stub_only_the_command_is_named(machine: Path) -> None:
    program(machine / "bin/chromium-browser", UBUNTU_STUB)
    with pytest.raises(MissingTool, match=r"is a snap.* playwright install --with-deps chromium"):
        find_chromium(None, machine / "cache")


def test_with_nothing_the_commands_are_named(machine: Path) -> None:
    with pytest.raises(MissingTool, match=r"no Chromium .*playwright install"):
        find_chromium(None, machine / "cache")


def test_the_setting_wins_and_is_checked(machine: Path) -> None:
    program(machine / "bin/chromium")
    chosen = program(machine / "mine/chrome")
    assert find_chromium(chosen, machine) == chosen
    with pytest.raises(MissingTool, match=r"probes\.chromium: .*nowhere: not a program"):
        find_chromium(machine / "nowhere", machine)
    with pytest.raises(MissingTool, match=r"probes\.chromium: .*stub is a snap"):
        find_chromium(program(machine / "stub", UBUNTU_STUB), machine)


def command(app_url: str = "http://127.0.0.1:8080/", **more: object) -> list[str]:
    settings = {"video": Path("/c.y4m"), "audio": None, **more}
    return chromium_command(Path("/usr/bin/chromium"), Path("/p"), app_url=app_url, **settings)  # type: ignore[arg-type]


def test_the_command_plays_the_clip() -> None:
    assert "--use-file-for-fake-video-capture=/c.y4m" in command()
    assert not any("fake-audio-capture" in flag for flag in command())
    assert "--use-file-for-fake-audio-capture=/c.wav" in command(audio=Path("/c.wav"))


@pytest.mark.parametrize(
    ("app_url", "origin"),
    [
        ("http://203.0.113.7:8080/app/", "http://203.0.113.7:8080"),
        ("http://127.0.0.1:8080/", None),
        ("http://localhost/", None),
        ("http://[::1]:9000/", None),
        ("https://203.0.113.7:8443/", None),
        ("http://me:secret@203.0.113.7:8080/app/", "http://203.0.113.7:8080"),
        ("http://[2001:db8::20]/lobby.html", "http://[2001:db8::20]"),
    ],
)
def test_a_plain_http_app_elsewhere_may_use_the_camera(app_url: str, origin: str | None) -> None:
    prefix = "--unsafely-treat-insecure-origin-as-secure="
    secured = [flag.removeprefix(prefix) for flag in command(app_url) if flag.startswith(prefix)]
    assert secured == ([origin] if origin else [])


def test_a_plain_http_page_that_the_app_leads_to_may_use_the_camera_too() -> None:
    led_to = ["http://203.0.113.8/room", "https://203.0.113.9/", "http://203.0.113.7/other"]
    assert (
        "--unsafely-treat-insecure-origin-as-secure=http://203.0.113.7,http://203.0.113.8"
        in command("http://203.0.113.7/", led_to=led_to)
    )


def test_no_proxy_is_used_but_one_that_is_asked_for() -> None:
    assert "--no-proxy-server" in command()
    own = ["--proxy-server=http://203.0.113.7:3128"]
    assert "--no-proxy-server" not in command(more=own)
    assert own[0] in command(more=own)


def test_the_sandbox_is_left_out_where_it_cannot_work(tmp_path: Path) -> None:
    system, own = Path("/usr/bin/chromium"), Path("/home/me/.cache/ms-playwright/chrome")
    ubuntu = tmp_path / "restricted"
    ubuntu.write_text("1\n")
    debian = tmp_path / "not there"
    assert not sandbox_works(system, as_root=True, restricted=debian)
    assert sandbox_works(system, as_root=False, restricted=debian)
    assert sandbox_works(own, as_root=False, restricted=debian)
    assert sandbox_works(system, as_root=False, restricted=ubuntu)
    assert not sandbox_works(own, as_root=False, restricted=ubuntu)
    ubuntu.write_text("0\n")
    assert sandbox_works(own, as_root=False, restricted=ubuntu)
    assert "--no-sandbox" in command(sandbox=False)
    assert "--no-sandbox" not in command(sandbox=True)


def test_a_users_features_are_joined_with_ours() -> None:
    flags = command(more=("--disable-features=Foo", "--window-size=1,1"))
    (features,) = (flag for flag in flags if flag.startswith("--disable-features="))
    assert features.startswith("--disable-features=WebRtcHideLocalIpsWithMdns,")
    assert features.endswith(",Foo")
    assert "--window-size=1,1" in flags


def test_every_flag_says_why() -> None:
    assert all(flag.startswith("--") and why for flag, why in FLAGS)


def test_origins_that_a_user_names_secure_are_joined_with_ours() -> None:
    prefix = "--unsafely-treat-insecure-origin-as-secure="
    flags = command("http://203.0.113.7/", more=[f"{prefix}http://203.0.113.8:9101"])
    assert [flag.removeprefix(prefix) for flag in flags if flag.startswith(prefix)] == [
        "http://203.0.113.7,http://203.0.113.8:9101"
    ]
