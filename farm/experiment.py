"""What a user asks for: one frozen value per section of an experiment file.

The defaults live here and nowhere else; `experiment.schema.json`, the file that `farm init`
writes and the messages about wrong keys are all made from these classes. A field is written with
`setting(default, doc, key=, unit=)`: `key` is its name in YAML (the field's own name when absent),
`unit` how the YAML value reads: `duration` (`30s`, `4m`, `3h` -> seconds), `size` (`640x480`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ScenarioKind = Literal["one_to_one", "group", "broadcast"]
RoomMedia = Literal["mixed", "forwarded"]
Keep = Literal["none", "last", "all"]
Fidelity = Literal["full", "light"]
ResetWay = Literal["command", "reboot", "fresh_instance"]
NetworkProfile = Literal["none", "fiber", "cable", "dsl", "lte", "4g", "3g_fast", "3g", "3g_slow"]

EMBEDDED = "embedded"
"""`server.kurento: embedded`: the farm starts the small media server of its own."""

AUTO = "auto"
"""`hosts[].ray: auto`: the head of the Ray cluster is on this machine."""


def setting(
    default: Any,
    doc: str,
    *,
    key: str | None = None,
    unit: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    null: str | None = None,
) -> Any:
    """A dataclass field with its place in the experiment file and its limits.

    `default` may be a value or, for a section, its class (called without arguments). `null` is a
    word that the file may use for `None` (`settle: auto`).
    """
    metadata = {
        "doc": doc,
        "key": key,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "null": null,
    }
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels, written `640x480`."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Receives:
    video: int | None = setting(None, "videos; null: every partner's, or the mix", minimum=0)
    audio: int | None = setting(None, "audios; null: every partner's, or the mix", minimum=0)


@dataclass(frozen=True, slots=True)
class Scenario:
    kind: ScenarioKind = setting("one_to_one", "one_to_one, group (rooms) or broadcast")
    record: bool = setting(False, "record each stream of a call on the server (one_to_one)")
    members: int = setting(4, "probes in a room (group)", minimum=2, maximum=16)
    media: RoomMedia | None = setting(
        None, "of a room: mixed by the server, or forwarded; auto: as the driver says", null="auto"
    )
    receives: Receives = setting(Receives, "streams that a server sends to a receiver at most")
    mix: Size | None = setting(
        None, "what our demo app has a room mixed into; null: the server's 800x600", unit="size"
    )
    mix_frame_rate: int | None = setting(
        None, "frames a second of the mix; null: the server's 15", minimum=1, maximum=60
    )


@dataclass(frozen=True, slots=True)
class App:
    run: Literal["demo"] | None = setting("demo", "start our demo app; null with a url of your own")
    url: str | None = setting(None, "address of the page under test; nothing is started")
    driver: str | None = setting(None, "a driver's name, or the path of a YAML file")
    accept_self_signed: bool = setting(False, "accept the app's self-signed certificate")


@dataclass(frozen=True, slots=True)
class Ssh:
    to: str = setting("", "user@host or user@host:port; ssh's configuration is followed")
    key: Path | None = setting(None, "private key file; default: agent, ssh's configuration")
    known_hosts: Path = setting(
        Path("~/.ssh/known_hosts"), "file of known hosts; default: what ssh takes"
    )
    jump: str | None = setting(None, "user@host to go through; none: straight there")


@dataclass(frozen=True, slots=True)
class Process:
    name: str | None = setting("kurento-media-server", "the media server's process, by name")
    pid: int | None = setting(None, "or by process id", minimum=1)
    port: int | None = setting(None, "or by the TCP port it listens on", minimum=1, maximum=65535)
    container: str | None = setting(None, "or by container name or id")


@dataclass(frozen=True, slots=True)
class Reset:
    command: str | None = setting(
        None, "run on the server by /bin/sh before each trial; null: no reset"
    )
    by: ResetWay = setting(
        "command", "command, reboot or fresh_instance: the last two of a server on AWS"
    )
    ready_within_s: float = setting(
        30.0, "how long it may take to answer again", key="ready_within", unit="duration", minimum=1
    )
    within_of_baseline: float = setting(
        0.2, "CPU, memory, threads, descriptors: how near the first start's", minimum=0.01
    )
    retries: int = setting(2, "how often a reset is tried again", minimum=0, maximum=10)


@dataclass(frozen=True, slots=True)
class Recordings:
    directory: str = setting("/var/tmp/farm", "on the server: a folder of each run in it")  # noqa: S108
    keep: Keep = setting("none", "none, last or all: the trials whose recordings stay there")


@dataclass(frozen=True, slots=True)
class Price:
    machine: str | None = setting(None, "the server's type, as a price table calls it: c4.2xlarge")
    region: str = setting("us-east-1", "where its price is looked up")
    table: Path | None = setting(None, "a price table of your own; null: the farm's, with its date")
    daily_sessions: tuple[int, ...] | None = setting(
        None, "sessions at once in each hour of a day, 24 numbers: for the bill of a month"
    )
    launch_s: float = setting(
        180.0, "how long another server takes to start", key="launch", unit="duration", minimum=0
    )


@dataclass(frozen=True, slots=True)
class Server:
    kurento: str | None = setting(
        EMBEDDED,
        "ws://host:8888/kurento, embedded; null: no Kurento, the default with app.url",
    )
    ssh: Ssh | None = setting(None, "how to reach the server's machine; null with local: true")
    local: bool = setting(False, "the media server runs on this machine; no SSH")
    cores: tuple[int, ...] | None = setting(None, "embedded only: the cores it may use", null="all")
    process: Process = setting(Process, "which process is the media server")
    interface: str = setting("auto", "network interface that carries the media")
    reset: Reset = setting(Reset, "how the server is brought back to a fresh state")
    recordings: Recordings = setting(Recordings, "recorded calls, on the server")
    price: Price = setting(Price, "what the server's machine costs")


@dataclass(frozen=True, slots=True)
class Host:
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
class Probes:
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


@dataclass(frozen=True, slots=True)
class Media:
    video: str = setting("camera", "camera (made here), or a file that PyAV reads")
    size: Size | None = setting(None, "what the camera gives; null: the scenario's", unit="size")
    frame_rate: int = setting(20, "frames a second", minimum=1, maximum=60)
    audio: str = setting("speech", "speech (made here), none, or a file that PyAV reads")
    max_video_send_bandwidth: int | None = setting(
        None, "kbit/s, Kurento's property of that name; null: the server's default 500", minimum=30
    )


@dataclass(frozen=True, slots=True)
class NetworkShare:
    profile: NetworkProfile = setting("none", "a profile's name")
    share: float = setting(1.0, "of the probes; all shares together are 1", minimum=0, maximum=1)


@dataclass(frozen=True, slots=True)
class Network:
    """Chromium's own emulation, set before the page connects; `latency_s` is one way."""

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
class Search:
    minimum: int | None = setting(None, "smallest load; null: one session", minimum=1)
    maximum: int = setting(60, "largest load", minimum=1)
    step: int | None = setting(
        None, "from a load to the next; null: one session, in a broadcast one viewer", minimum=1
    )
    loads: tuple[int, ...] | None = setting(None, "only these, in the place of a range")
    ramp: bool = setting(False, "each load in turn until one fails, in the place of a search")
    reliability: float = setting(0.9, "share of holds that must pass", minimum=0.5, maximum=0.999)
    confidence: float = setting(0.9, "of the interval", minimum=0.5, maximum=0.999)
    max_trials: int = setting(
        20, "trials at most; looks for drift come on top", minimum=1, maximum=1000
    )
    invalid_retries: int = setting(2, "how often an invalid trial is repeated", minimum=0)
    drift_every: int | None = setting(
        5, "after so many trials the smallest load again; null: no look for drift", minimum=1
    )
    budget_s: float | None = setting(None, "time at most", key="budget", unit="duration")


@dataclass(frozen=True, slots=True)
class Watch:
    load: int | None = setting(
        None, "probes; from_answer: what the last search recommends", minimum=1, null="from_answer"
    )
    every_s: float = setting(900.0, "a trial so often", key="every", unit="duration", minimum=1)
    for_s: float = setting(172_800.0, "how long", key="for", unit="duration", minimum=1)


@dataclass(frozen=True, slots=True)
class Criteria:
    setup_within_s: float = setting(
        15.0, "to the first media", key="setup_within", unit="duration", minimum=0.1
    )
    delivered: float = setting(
        0.95, "received / sent payload, forwarded streams", minimum=0, maximum=1
    )
    target_of_baseline: float = setting(0.8, "senders' targetBitrate", minimum=0, maximum=1)
    frame_rate_of_baseline: float = setting(
        0.8, "frame rate, of the camera's; of a mix, of its baseline", minimum=0, maximum=1
    )
    pixels_of_baseline: float = setting(
        0.5, "received pixels a second, forwarded video", minimum=0, maximum=1
    )
    residual_loss: float = setting(0.01, "lost after repair, a window", minimum=0, maximum=1)
    repair: float = setting(0.03, "packets repaired, a window", minimum=0, maximum=1)
    gap_s: float = setting(
        2.0, "longest time without a packet", key="gap", unit="duration", minimum=0.1
    )
    stalled_share: float = setting(0.01, "time frozen, a window", minimum=0, maximum=1)
    bad_share: float | None = setting(
        None, "share of units that may fail", minimum=0, maximum=1, null="auto"
    )


HOST_BUSY = 0.85
"""So busy a host may be where others compete for its cores, or nobody can tell who waited."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """When the generator, not the server, is to blame."""

    waited_for_cpu_s: float = setting(
        0.001,
        "how long probes' threads wait for a core each time, mean of 5 s",
        key="waited_for_cpu",
        unit="duration",
        minimum=0,
    )
    other_programs: float = setting(
        0.2,
        "of a host's cores, while these are 85 % busy for 5 s; those of low priority aside",
        minimum=0,
        maximum=1,
    )
    host_cpu: float | None = setting(
        None,
        "of a host's cores, for 5 s; null: 85 % where waits are unknown, else no limit",
        minimum=0,
        maximum=1,
    )
    thread_cpu: float = setting(
        0.8, "of a core, any one Chromium thread, for 5 s", minimum=0, maximum=1
    )
    steal: float = setting(0.05, "of a host's time", minimum=0, maximum=1)
    late_polls: float = setting(0.02, "share of polls late or missing", minimum=0, maximum=1)
    capture_of_asked: float = setting(
        0.9, "camera frames captured of those asked", minimum=0, maximum=1
    )
    udp_drops: int = setting(
        0, "packets for which a host's browsers had no room, in the hold", minimum=0
    )
    memory_available: float = setting(
        0.05, "of a host's memory, for 5 s: less is too little", minimum=0, maximum=1
    )
    app_late_s: float = setting(
        1.0, "how late our demo app may be", key="app_late", unit="duration", minimum=0
    )


@dataclass(frozen=True, slots=True)
class AwsServer:
    type: str = setting("c4.2xlarge", "its machine")
    other_types: tuple[str, ...] = setting((), "taken in this order where AWS has no more of it")
    region: str = setting("us-east-1", "where it stands")
    image: str | None = setting(None, "an AMI; null: Ubuntu 24.04 for its processor")
    disk_gib: int = setting(30, "of its disk", minimum=8, maximum=16384)
    elastic_ip: bool = setting(False, "an address that outlives the instance")


@dataclass(frozen=True, slots=True)
class AwsHosts:
    count: int = setting(1, "machines of this kind", minimum=1, maximum=100)
    type: str = setting("c6i.4xlarge", "their machine")
    other_types: tuple[str, ...] = setting((), "taken in this order where AWS has no more of it")
    region: str = setting("us-east-1", "where they stand")
    place: str | None = setting(None, "a name for where they are; null: the region's")
    image: str | None = setting(None, "an AMI; null: Ubuntu 24.04 for their processor")
    disk_gib: int = setting(30, "of each disk", minimum=8, maximum=16384)


@dataclass(frozen=True, slots=True)
class Aws:
    """What `farm provision` makes."""

    server: AwsServer = setting(AwsServer, "the machine of the media server")
    hosts: tuple[AwsHosts, ...] | None = setting(None, "machines for probes; null: only this one")
    operator: str | None = setting(
        None, "who may reach them, 198.51.100.7/32; auto: this machine as AWS sees it", null="auto"
    )
    kurento: str = setting("kurento/kurento-media-server:7.3.0", "its container image")
    ttl_s: float = setting(
        10800.0, "all machines end themselves after it", key="ttl", unit="duration", minimum=600
    )


@dataclass(frozen=True, slots=True)
class Output:
    directory: Path = setting(Path("runs"), "where run folders go, from this file's folder")
    name: str | None = setting(None, "the run folder's name; null: time and scenario")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment file, validated: everything inside may be trusted."""

    format: int = setting(1, "of this file", minimum=1, maximum=1)
    name: str | None = setting(None, "what the run is called")
    scenario: Scenario = setting(Scenario, "who does what")
    app: App = setting(App, "the web page under test")
    inventory: Path | None = setting(
        None, "file that `farm provision` or you wrote; fills server and hosts"
    )
    server: Server = setting(Server, "the system under test")
    hosts: tuple[Host, ...] = setting((Host(),), "machines that run probes")
    probes: Probes = setting(Probes, "browsers")
    media: Media = setting(Media, "what the cameras and microphones give")
    network: Network = setting(Network, "conditions of the probes' connections")
    trial: TrialSettings = setting(TrialSettings, "one load, one verdict")
    search: Search = setting(Search, "the trials that bracket the capacity")
    watch: Watch = setting(Watch, "one load, again and again (`farm watch`)")
    criteria: Criteria = setting(Criteria, "what a good call is")
    invalid: Invalid = setting(Invalid, "when the generator is to blame")
    aws: Aws = setting(Aws, "what `farm provision` makes")
    output: Output = setting(Output, "where results go")
