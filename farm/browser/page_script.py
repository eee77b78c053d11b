"""The script that runs in every frame of a probe's page before the page's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files

from farm.browser.forced_capture import ForcedCapture
from farm.model.driver import ChannelAnswers
from farm.model.experiment import Fidelity
from farm.model.webrtc_stats import page_fields

BINDING = "probe_farm_send"
"""The function by which a page sends messages to us; the script hides it from the page."""

BANK_BINDING = "probe_farm_bank"
"""The function by which a page of a light probe asks for its prepared frames, as a file in a file
input of its own. As an answer to a request they would pass through Playwright's driver and the
DevTools connection as text, megabytes a page."""

ENABLE_EVENT = "probe_farm_enable"
"""The event by which a driver's `mute` reaches the connections of a frame."""

FIRST_MEDIA_MS = 100
FIRST_MEDIA_WITHIN_MS = 30_000

HIDE_MEDIA = "video { opacity: 0 !important; }"
"""The rule by which spare_cpu.js leaves media elements undrawn, in the form of `cssText`."""

SHRINK = 16
TARGET_MS = 500
VIDEO_CLOCK_HZ = 90_000


def page_script(
    poll_s: float,
    phase: float,
    fidelity: Fidelity = "full",
    forced: ForcedCapture | None = None,
    answers: Sequence[ChannelAnswers] = (),
    *,
    drawn: bool = False,
) -> str:
    """The script: CPU spared, connections remembered, polled every `poll_s` at `phase` (0 to 1).

    With `forced` the page's getUserMedia gives that. `answers` are the data channels on which round
    trips are measured. `drawn`: videos are shown, for a person.
    """
    config = {
        "answers": [asdict(each) for each in answers],
        "fields": page_fields(),
        "period_ms": poll_s * 1000,
        "phase": phase,
        "first_media_ms": FIRST_MEDIA_MS,
        "first_media_within_ms": FIRST_MEDIA_WITHIN_MS,
        "shrink": SHRINK,
        "target_ms": TARGET_MS,
    }
    return f"""(() => {{
        const taken = (name) => {{ const made = window[name]; delete window[name]; return made; }};
        const binding = taken({json.dumps(BINDING)});
        if (!binding) return; // this very window was prepared before, as about:blank
        const send = (text) => binding(text).catch(() => {{}});
        const config = {json.dumps(config)};
        config.frame = Math.random().toString(36).slice(2, 8);
        ({_script("spare_cpu")})({json.dumps("" if drawn else HIDE_MEDIA)});
        const unheard = {_audio(fidelity)};
        const wrap = {_script("wrap")};
        {_forced(forced)}
        const channels = ({_script("watch_channels")})(config, send, wrap);
        const connections =
            ({_script("hook_peer_connections")})(config, send, wrap, channels.watch);
        const lookAtSenders = ({_script("watch_senders")})(send, wrap, connections);
        ({_script("enable_tracks")})({json.dumps(ENABLE_EVENT)}, connections);
        const coded = {_codec(fidelity)};
        const known = (stat, report, entry) =>
            unheard(stat) ?? coded(stat, report) ?? channels.known(stat, entry);
        ({_script("poll_stats")})(config, send, connections, known, lookAtSenders);
    }})();"""


def _forced(forced: ForcedCapture | None) -> str:
    """The JavaScript statement that forces what getUserMedia gives."""
    if forced is None:
        return ""
    return f"({_script('force_capture')})({json.dumps(asdict(forced))}, wrap);"


def _codec(fidelity: Fidelity) -> str:
    """The JavaScript function that adds statistics which the browser itself does not know."""
    if fidelity == "full":
        return "() => null"
    layers = f"({_script('light_layers')})()"
    worker = f"({_script('light_worker')})({json.dumps({'clock_hz': VIDEO_CLOCK_HZ})}, {layers})"
    encodings = f"({_script('light_encodings')})(config, {layers})"
    banks = f"({_script('light_banks')})(taken({json.dumps(BANK_BINDING)}))"
    senders, receivers = _script("light_senders"), _script("light_receivers")
    codec = _script("light_codec")
    return (
        f"({codec})(config, send, {json.dumps(worker)}, {senders}, {receivers}, {encodings}, "
        f"{banks})"
    )


def _audio(fidelity: Fidelity) -> str:
    """The JavaScript function that spares light probes the playing of received audio."""
    return "() => null" if fidelity == "full" else f"({_script('light_audio')})(send)"


def _script(name: str) -> str:
    """The file's one expression, without the comments above it."""
    text = files("browser_scripts").joinpath(f"{name}.js").read_text()
    return text.rstrip()
