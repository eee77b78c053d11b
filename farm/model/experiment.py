"""An experiment: one frozen value per section of an experiment file.

The defaults live here and in the modules of its larger sections (`server_settings`, `criteria`,
`aws_settings`), and nowhere else; `experiment.schema.json`, the file that `farm init` writes and
the messages about wrong keys are all made from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farm.model.aws_settings import AwsSettings
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_settings import ClientCertificateSettings, ExecSettings
from farm.model.server_settings import ServerSettings
from farm.model.session_roles import SessionRole
from farm.model.setting import Size, setting

ScenarioKind = Literal["one_to_one", "group", "broadcast", "custom"]

RoomMedia = Literal["mixed", "forwarded"]

PresentersReceive = Literal["each_other", "nothing"]

Fidelity = Literal["full", "light"]

NetworkProfile = Literal["none", "fiber", "cable", "dsl", "lte", "4g", "3g_fast", "3g", "3g_slow"]

AUTO = "auto"
"""`hosts[].ray: auto`: the head of the Ray cluster is on this machine."""


@dataclass(frozen=True, slots=True)
class Receives:
    video: int | None = setting(None, "videos; null: every partner's, or the mix", minimum=0)
    audio: int | None = setting(None, "audios; null: every partner's, or the mix", minimum=0)


@dataclass(frozen=True, slots=True)
class Scenario:
    kind: ScenarioKind = setting(
        "one_to_one", "one_to_one, group (rooms), broadcast, or custom (roles of your own)"
    )
    record: bool = setting(False, "record each stream of a call on the server (one_to_one)")
    members: int = setting(4, "probes in a room (group)", minimum=2, maximum=16)
    media: RoomMedia | None = setting(
        None, "of a room: mixed by the server, or forwarded; auto: as the driver says", null="auto"
    )
    data: bool = setting(False, "messages of data channels are owed, too, by and to whom media are")
    receives: Receives = setting(Receives, "streams that a server sends to a receiver at most")
    mix: Size | None = setting(
        None, "what our demo app has a room mixed into; null: the server's 800x600", unit="size"
    )
    mix_frame_rate: int | None = setting(
        None, "frames a second of the mix; null: the server's 15", minimum=1, maximum=60
    )
    audio_only: int = setting(
        0, "members of a room that send no video, the last ones of it (group)", minimum=0
    )
    last_n: int | None = setting(
        None,
        "videos that a member gets at a time, of whichever speakers (group); null: of all",
        minimum=0,
    )
    presenters: int = setting(1, "of each broadcast (broadcast)", minimum=1, maximum=16)
    presenters_receive: PresentersReceive = setting(
        "each_other", "of several presenters: each_other or nothing (broadcast)"
    )
    sessions: int = setting(
        1, "broadcasts at once, between which the viewers are shared evenly", minimum=1
    )
    roles: tuple[SessionRole, ...] | None = setting(
        None,
        "by name: how many a session has, what each sends and receives (custom); of server its own",
        unit="roles",
    )


@dataclass(frozen=True, slots=True)
class AppSettings:
    run: Literal["demo", "whip"] | None = setting(
        "demo", "our page: the demo app, or whip (publish, play); null with a url of your own"
    )
    url: str | None = setting(None, "address of the page under test; nothing is started")
    driver: str | None = setting(None, "a driver's name, or the path of a YAML file")
    accept_self_signed: bool = setting(False, "accept the app's self-signed certificate")
    data: Path | None = setting(
        None, "CSV file of values of your own: a row a probe, its columns are variables"
    )
    exec: ExecSettings | None = setting(
        None, "a command here that gives probes values, such as tokens; null: none"
    )
    headers: Mapping[str, str] = setting(dict, "more headers of each request; env:NAME for secrets")
    basic_auth_env: str | None = setting(
        None, "variable of the environment with user:password, for HTTP basic authentication"
    )
    storage_state: str | None = setting(
        None, "file of cookies and local storage (Playwright's); {probe} in it: one for each"
    )
    client_certificates: tuple[ClientCertificateSettings, ...] | None = setting(
        None, "for servers that ask for one: [{cert: me.pem, key: me.key}]"
    )
    permissions: tuple[str, ...] = setting((), "of pages, beside camera and microphone")
    locale: str | None = setting(None, "language of browsers, such as de-DE; null: en-US")
    timezone: str | None = setting(None, "such as Europe/Berlin; null: each host's own")
    user_agent: str | None = setting(None, "what browsers call themselves; null: as they do")
    publish: str | None = setting(
        None, "run: whip: the WHIP end point, https://host/{session}/whip; null: our embedded one"
    )
    play: str | None = setting(
        None, "run: whip: the WHEP end point, https://host/{session}/whep; {probe}: who publishes"
    )
    token: str | None = setting(None, "run: whip: env:NAME, the variable with the bearer token")
    trickle: bool = setting(
        True, "run: whip: candidates follow the offer by PATCH; false: all are in the offer"
    )


@dataclass(frozen=True, slots=True)
class HostSettings:
    here: bool = setting(True, "this machine runs probes")
    ray: str | None = setting(
        None, "auto (head on this machine) or ray://host:10001: all machines of a Ray cluster do"
    )
    machines: int | None = setting(
        None, "how many the cluster has to have; null: those it has", minimum=1
    )
    place: str = setting("here", "a name for where the host is")
    cores: tuple[int, ...] | None = setting(None, "the cores its browsers may use", null="all")
    probes: int | None = setting(
        None, "the most that each machine carries; null: a share by its cores", minimum=1
    )


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    fidelity: Fidelity = setting(
        "full", "full: a user's browser; light: prepared frames instead of codec work"
    )
    witnesses: int | None = setting(
        None,
        "full probes in a load of light ones, whole sessions of them; null: one session",
        minimum=0,
        maximum=1000,
    )
    boots_at_once: int = setting(4, "probes that start at the same time", minimum=1, maximum=64)
    per_browser: int = setting(
        16, "probes that share one browser; it opens 16 microphones at most", minimum=1, maximum=64
    )
    density: Literal["measured"] | None = setting(
        None, "measured: no more on a machine than `farm doctor --density` found; null: no limit"
    )
    chromium: Path | None = setting(None, "the browser to use; null: found on this machine")
    flags: tuple[str, ...] = setting((), "more Chromium flags")
    device: str | None = setting(
        None, "a device of Playwright's list, such as Pixel 7: its screen, touch and user agent"
    )


@dataclass(frozen=True, slots=True)
class MediaSettings:
    video: str = setting("camera", "camera (made here), or a file that PyAV reads")
    size: Size | None = setting(None, "what the camera gives; null: the scenario's", unit="size")
    frame_rate: int = setting(20, "frames a second", minimum=1, maximum=60)
    audio: str = setting("speech", "speech (made here), none, or a file that PyAV reads")
    force: bool = setting(
        False, "pages get this size, frame_rate and audio, whatever constraints they ask with"
    )
    max_video_send_bandwidth: int | None = setting(
        None, "kbit/s, Kurento's property of that name; null: the server's default 500", minimum=30
    )


@dataclass(frozen=True, slots=True)
class NetworkShare:
    profile: NetworkProfile = setting("none", "a profile's name")
    share: float = setting(1.0, "of the probes; all shares together are 1", minimum=0, maximum=1)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Chromium's network emulation, set before the page connects; `latency_s` is one way."""

    profile: NetworkProfile = setting("none", "fiber, cable, dsl, lte, 4g, 3g_fast, 3g or 3g_slow")
    mix: tuple[NetworkShare, ...] | None = setting(
        None, "several: [{profile: cable, share: 0.7}, {profile: lte, share: 0.3}]"
    )
    latency_s: float | None = setting(
        None, "added one way; null: the profile's", key="latency", unit="duration", minimum=0
    )
    loss: float | None = setting(
        None, "share of packets lost; null: the profile's", minimum=0, maximum=1
    )
    up: int | None = setting(None, "kbit/s that a probe can send; null: the profile's", minimum=1)
    down: int | None = setting(
        None, "kbit/s that a probe can receive; null: the profile's", minimum=1
    )
    probes: tuple[str, ...] | None = setting(None, "only these (p000, ...); null: all")


@dataclass(frozen=True, slots=True)
class TrialSettings:
    load: int | None = setting(None, "probes of `farm run`; null: one session", minimum=1)
    sessions_per_second: float = setting(1.0, "pace of the ramp", minimum=0.01)
    settle_s: float | None = setting(
        None,
        "auto: until the senders' rates are steady (10 to 60 s)",
        key="settle",
        unit="duration",
        null="auto",
    )
    hold_s: float = setting(
        240.0,
        "what is judged; two windows or more, of which two are a short look",
        key="hold",
        unit="duration",
        minimum=1,
    )
    poll_s: float = setting(1.0, "getStats, each probe", key="poll", unit="duration", minimum=0.2)
    window_s: float = setting(10.0, "what one limit is held to", key="window", unit="duration")


@dataclass(frozen=True, slots=True)
class SearchSettings:
    minimum: int | None = setting(None, "smallest load; null: one session", minimum=1)
    maximum: int = setting(60, "largest load", minimum=1)
    step: int | None = setting(
        None,
        "from a load to the next; null: one session, in broadcasts a viewer of each",
        minimum=1,
    )
    loads: tuple[int, ...] | None = setting(None, "only these, in the place of a range")
    ramp: bool = setting(False, "each load in turn until one fails, in the place of a search")
    reliability: float = setting(0.9, "share of holds that must pass", minimum=0.5, maximum=0.999)
    confidence: float = setting(0.9, "of the interval", minimum=0.5, maximum=0.999)
    max_trials: int = setting(
        20, "trials at most; drift checks come on top", minimum=1, maximum=1000
    )
    invalid_retries: int = setting(2, "how often an invalid trial is repeated", minimum=0)
    drift_every: int | None = setting(
        5, "after so many trials the smallest load again; null: no drift check", minimum=1
    )
    budget_s: float | None = setting(None, "time at most", key="budget", unit="duration")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    load: int | None = setting(
        None, "probes; from_answer: what the last search recommends", minimum=1, null="from_answer"
    )
    every_s: float = setting(900.0, "a trial so often", key="every", unit="duration", minimum=1)
    for_s: float = setting(172_800.0, "how long", key="for", unit="duration", minimum=1)


@dataclass(frozen=True, slots=True)
class OutputSettings:
    directory: Path = setting(Path("runs"), "where run folders go, from this file's folder")
    name: str | None = setting(None, "the run folder's name; null: time and scenario")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment file, validated."""

    format: int = setting(1, "of this file", minimum=1, maximum=1)
    name: str | None = setting(None, "the title of the report; output.name is the folder's")
    scenario: Scenario = setting(Scenario, "who does what")
    app: AppSettings = setting(AppSettings, "the web page under test")
    inventory: Path | None = setting(
        None, "file that `farm provision` or you wrote; fills server and hosts"
    )
    server: ServerSettings = setting(ServerSettings, "the system under test")
    hosts: tuple[HostSettings, ...] = setting((HostSettings(),), "machines that run probes")
    probes: ProbeSettings = setting(ProbeSettings, "browsers")
    media: MediaSettings = setting(MediaSettings, "what the cameras and microphones give")
    network: NetworkSettings = setting(NetworkSettings, "conditions of the probes' connections")
    trial: TrialSettings = setting(TrialSettings, "one load, one verdict")
    search: SearchSettings = setting(SearchSettings, "the trials that bracket the capacity")
    watch: WatchSettings = setting(WatchSettings, "one load, again and again (`farm watch`)")
    criteria: Criteria = setting(Criteria, "what a good call is")
    invalid: InvalidLimits = setting(InvalidLimits, "when the generator is at fault")
    aws: AwsSettings = setting(AwsSettings, "what `farm provision` makes")
    output: OutputSettings = setting(OutputSettings, "where results go")
