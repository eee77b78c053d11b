"""Defaults of `server` for a page that is not the demo app, and for a Janus. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from farm.model.experiment import Experiment
from farm.model.server_settings import EMBEDDED, ProcessSettings

JANUS_PROCESS = "janus"
JANUS_RECORDINGS = "/tmp/farm"  # noqa: S108 - on the server
"""Debian's janus.jcfg forbids recordings below /var."""


def with_server_of_app(experiment: Experiment, written: Callable[[str], bool]) -> Experiment:
    """The experiment without a Kurento if its page or end point is a user's, or its server a Janus,
    unless the file names one.

    `written` says whether the file has a key, `server.kurento`. The process of a server that is
    neither has no name by default.
    """
    server = experiment.server
    named = written("server.kurento") or server.kurento != EMBEDDED
    app = experiment.app
    another = app.url is not None or app.publish is not None or server.janus is not None
    if another and not named:
        server = replace(server, kurento=None)
    if server.kurento is None and not any(
        written(f"server.process.{field.name}") for field in fields(ProcessSettings)
    ):
        name = None if server.janus is None else JANUS_PROCESS
        server = replace(server, process=ProcessSettings(name=name))
    if server.janus is not None and not written("server.recordings.directory"):
        recordings = replace(server.recordings, directory=JANUS_RECORDINGS)
        server = replace(server, recordings=recordings)
    return replace(experiment, server=server)
