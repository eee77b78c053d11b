"""Checks an experiment's settings against each other; each alone was validated before.

A message begins with the key of the setting, `trial.hold: ...`.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from farm.errors import ExperimentError
from farm.experiment_file.page_checks import check_page
from farm.experiment_file.shape_checks import check_shape
from farm.experiment_file.whip_checks import check_whip
from farm.model.durations import format_duration
from farm.model.experiment import AUTO, AppSettings, Experiment
from farm.model.server_settings import EMBEDDED, HERE, ProcessSettings, ServerSettings
from farm.model.template_text import environment_name
from farm.model.webrtc_stats import MediaKind
from farm.planning.access_links import NOT_EMULATED
from farm.planning.load_steps import check_load, ladder
from farm.planning.trial_planning import is_demo_driver, streams_offered

MACHINE_READY_S = 120.0
"""The least time to boot a machine."""

HOURS_A_DAY = 24

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""A part of a machine's name, and of the name of its key's file."""


def check(experiment: Experiment) -> None:
    """Raises ExperimentError for the first setting that does not fit the others."""
    for part in _CHECKS:
        part(experiment)


def _app(experiment: Experiment) -> None:
    app: AppSettings = experiment.app
    if app.run is not None and app.url is not None:
        raise ExperimentError(f"app.run: {app.run}: expected null beside app.url, {app.url}")
    if app.run is None and app.url is None:
        raise ExperimentError("app.run: null: expected demo or whip, or null with app.url")
    if app.url is not None:
        _address("app.url", app.url, ("http", "https"), "http://host/ or https://host/")
        if "%" in (urlsplit(app.url).hostname or ""):
            raise ExperimentError(
                f"app.url: {app.url}: browsers do not support zones of addresses (%eth0): expected"
                " an address that needs none, or a name"
            )


def _server(experiment: Experiment) -> None:
    server: ServerSettings = experiment.server
    embedded = server.kurento == EMBEDDED
    own_page = experiment.app.url is not None or experiment.app.run == "whip"
    if server.kurento is None and server.janus is None and not own_page:
        raise ExperimentError(
            "server.kurento: null: our demo app needs a Kurento: expected embedded, or "
            "ws://host:8888/kurento; or server.janus; or app.url, the page of your own media server"
        )
    if server.kurento is not None and not embedded:
        allowed = "embedded, or ws://host:8888/kurento, or null beside app.url for another server"
        _address("server.kurento", server.kurento, ("ws", "wss"), allowed)
    if server.ssh is not None and server.local:
        raise ExperimentError("server.local: true: expected false beside server.ssh")
    if server.ssh is not None and not server.ssh.to:
        raise ExperimentError('server.ssh.to: "": expected user@host or user@host:port')
    if not server.recordings.directory.startswith("/"):
        raise ExperimentError(
            f"server.recordings.directory: {server.recordings.directory}: expected an absolute "
            "path on the server, such as /var/tmp/farm"
        )
    if server.cores is not None and not embedded and server.janus != HERE:
        raise ExperimentError(
            "server.cores: only a server that the farm starts is given cores: expected all"
        )
    if server.reset.by != "command":
        _machine_reset(experiment)
    if server.reset.command is not None and server.ssh is None and not server.local:
        raise ExperimentError(
            "server.reset.command: nowhere to run it: expected server.ssh or server.local: true"
        )


def _janus(experiment: Experiment) -> None:
    server, admin = experiment.server, experiment.server.janus_admin
    if server.janus is None:
        if admin is not None:
            raise ExperimentError(
                "server.janus_admin: expected server.janus with it: ws://host:8188"
            )
        return
    if server.kurento is not None:
        raise ExperimentError(
            f"server.kurento: {server.kurento}: expected null beside server.janus, {server.janus}"
        )
    if server.janus != HERE:
        _address("server.janus", server.janus, ("ws", "wss"), "here, or ws://host:8188")
    elif experiment.app.run != "demo":
        beside = "app.url" if experiment.app.run is None else f"app.run: {experiment.app.run}"
        raise ExperimentError(
            "server.janus: here: only our demo app is given its address: expected ws://host:8188"
            f" beside {beside}"
        )
    if admin is not None and server.janus == HERE:
        raise ExperimentError("server.janus_admin: known with server.janus: here: expected null")
    if admin is not None:
        _address("server.janus_admin.url", admin.url, ("ws", "wss"), "ws://host:7188")
        if environment_name(admin.secret) is None:
            raise ExperimentError(
                "server.janus_admin.secret: expected env:NAME, the name of a variable that holds"
                " it: a run's folder keeps all settings"
            )


def _machine_reset(experiment: Experiment) -> None:
    """A restart of the machine needs one made by `farm provision`, and time."""
    reset = experiment.server.reset
    if reset.command is not None:
        raise ExperimentError(
            f"server.reset.command: {reset.command}: expected null with by: {reset.by}"
        )
    if experiment.inventory is None or experiment.server.ssh is None:
        raise ExperimentError(
            f"server.reset.by: {reset.by}: expected command, or a server that `farm provision` made"
            " (inventory)"
        )
    if reset.by == "fresh_instance" and not experiment.aws.server.elastic_ip:
        raise ExperimentError(
            "server.reset.by: fresh_instance: expected aws.server.elastic_ip: true, "
            "or each instance is at another address"
        )
    if reset.ready_within_s < MACHINE_READY_S:
        raise ExperimentError(
            f"server.reset.ready_within: {format_duration(reset.ready_within_s)}: expected "
            f"{format_duration(MACHINE_READY_S)} or more with by: {reset.by}"
        )


def _price(experiment: Experiment) -> None:
    curve = experiment.server.price.daily_sessions
    if curve is not None and len(curve) != HOURS_A_DAY:
        raise ExperimentError(
            f"server.price.daily_sessions: {len(curve)} numbers: expected {HOURS_A_DAY}, "
            "one for each hour"
        )


def _process(experiment: Experiment) -> None:
    process: ProcessSettings = experiment.server.process
    by = {
        "name": process.name,
        "pid": process.pid,
        "port": process.port,
        "container": process.container,
    }
    given = [key for key, value in by.items() if value is not None]
    if not given and (experiment.server.kurento is None or experiment.server.janus == HERE):
        return  # the process may be unknown
    if len(given) != 1:
        shown = " and ".join(given) if given else "nothing"
        raise ExperimentError(f"server.process: {shown}: expected one of {', '.join(by)}")


def check_scenario(experiment: Experiment) -> None:
    """Raises ExperimentError for settings that the scenario cannot have."""
    scenario = experiment.scenario
    if scenario.record and scenario.kind != "one_to_one":
        raise ExperimentError(
            f"scenario.record: true: only calls are recorded: expected false with {scenario.kind}"
        )
    if scenario.media is not None and scenario.kind != "group":
        raise ExperimentError(
            f"scenario.media: {scenario.media}: only rooms are mixed or forwarded: "
            f"expected auto with {scenario.kind}"
        )
    if experiment.app.url is None and is_demo_driver(experiment):
        _demo_rooms(experiment)
    check_shape(experiment)
    asked_of: tuple[tuple[MediaKind, int | None], ...] = (
        ("video", scenario.receives.video),
        ("audio", scenario.receives.audio),
    )
    for key, asked in asked_of:
        most = streams_offered(scenario, key)
        if asked is not None and asked > most:
            raise ExperimentError(f"scenario.receives.{key}: {asked}: expected {most} or less")


def _demo_rooms(experiment: Experiment) -> None:
    """Our demo app's rooms are mixed by a Kurento; a Janus forwards, and mixes audio alone."""
    scenario = experiment.scenario
    if experiment.server.janus is None:
        if scenario.media == "forwarded":
            raise ExperimentError(
                "scenario.media: forwarded: our demo app mixes: expected mixed, or server.janus"
            )
        return
    if scenario.media == "mixed" and scenario.audio_only != scenario.members:
        raise ExperimentError(
            "scenario.media: mixed: a Janus mixes no video: expected forwarded, or no member with "
            f"video: scenario.audio_only: {scenario.members}"
        )
    for key, value in (("mix", scenario.mix), ("mix_frame_rate", scenario.mix_frame_rate)):
        if value is not None:
            raise ExperimentError(
                f"scenario.{key}: {value}: a Janus mixes no video: expected null with server.janus"
            )


def _data_channels(experiment: Experiment) -> None:
    if experiment.scenario.data and experiment.app.url is None:
        raise ExperimentError(
            "scenario.data: true: our demo app has no data channels: expected false, or app.url"
        )


def _loads(experiment: Experiment) -> None:
    if experiment.trial.load is not None:
        check_load(experiment.scenario, experiment.trial.load, "trial.load")
    ladder(experiment)


def _hosts(experiment: Experiment) -> None:
    here = [at for at, host in enumerate(experiment.hosts) if host.here]
    if len(here) > 1:
        raise ExperimentError(
            f"hosts: {len(here)} of them are here: expected one, others by ray: ray://host:10001"
        )
    clusters: set[str] = set()
    for at, host in enumerate(experiment.hosts):
        if host.ray is None:
            if not host.here:
                raise ExperimentError(f"hosts[{at}].here: false: expected true, or ray:")
            if host.machines is not None:
                raise ExperimentError(
                    f"hosts[{at}].machines: {host.machines}: expected ray: with it"
                )
            continue
        if host.here:
            raise ExperimentError(f"hosts[{at}].here: true: expected false beside ray:")
        if host.ray != AUTO:
            _address(f"hosts[{at}].ray", host.ray, ("ray",), "auto, or ray://host:10001")
        if host.ray in clusters:
            raise ExperimentError(f"hosts[{at}].ray: {host.ray}: expected each cluster once")
        clusters.add(host.ray)


def _times(experiment: Experiment) -> None:
    trial = experiment.trial
    if trial.window_s < 2 * trial.poll_s:
        raise ExperimentError(
            f"trial.window: {format_duration(trial.window_s)}: expected two polls or more, "
            f"{format_duration(2 * trial.poll_s)}"
        )
    if trial.hold_s < 2 * trial.window_s:
        raise ExperimentError(
            f"trial.hold: {format_duration(trial.hold_s)}: expected two windows or more, "
            f"{format_duration(2 * trial.window_s)}"
        )


def _network(experiment: Experiment) -> None:
    network = experiment.network
    if network.mix is not None:
        if network.profile != NOT_EMULATED:
            raise ExperimentError(
                f"network.profile: {network.profile}: expected none beside network.mix"
            )
        total = sum(part.share for part in network.mix)
        if not math.isclose(total, 1, abs_tol=0.001):
            raise ExperimentError(f"network.mix: shares of {total:g} together: expected 1")
    for probe in network.probes or ():
        if not re.match(r"^p[0-9]{3,}$", probe):
            raise ExperimentError(f"network.probes: {probe}: expected names such as p000")


def _aws(experiment: Experiment) -> None:
    operator = experiment.aws.operator
    if operator is not None:
        try:
            network = ipaddress.IPv4Network(operator)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            raise ExperimentError(
                f"aws.operator: {operator}: expected auto, or an address such as 198.51.100.7/32"
            )
    for at, kind in enumerate(experiment.aws.hosts or ()):
        if kind.place is not None and not _PLACE.fullmatch(kind.place):
            raise ExperimentError(
                f"aws.hosts[{at}].place: {kind.place}: expected letters, digits, dots, dashes and "
                "underscores, 63 at most"
            )


def _output(experiment: Experiment) -> None:
    for key, name in (("name", experiment.name), ("output.name", experiment.output.name)):
        if name is not None and not _NAME.fullmatch(name):
            raise ExperimentError(
                f"{key}: {name}: expected letters, digits, dots, dashes and underscores"
            )


_CHECKS: tuple[Callable[[Experiment], None], ...] = (
    _app,
    check_page,
    check_whip,
    _server,
    _janus,
    _price,
    _process,
    check_scenario,
    _data_channels,
    _loads,
    _hosts,
    _times,
    _network,
    _aws,
    _output,
)


def _address(key: str, value: str, schemes: tuple[str, ...], allowed: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ExperimentError(f"{key}: {value}: expected {allowed}")
