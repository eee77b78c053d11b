"""Defaults of `server` for a page under test that is not the demo app. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from farm.model.experiment import Experiment
from farm.model.server_settings import EMBEDDED, ProcessSettings


def with_server_of_app(experiment: Experiment, written: Callable[[str], bool]) -> Experiment:
    """The experiment without a Kurento if its page or end point is a user's, and names none.

    `written` says whether the file has a key, `server.kurento`. The process of a server that is no
    Kurento has no name by default.
    """
    server = experiment.server
    named = written("server.kurento") or server.kurento != EMBEDDED
    app = experiment.app
    if (app.url is not None or app.publish is not None) and not named:
        server = replace(server, kurento=None)
    if server.kurento is None and not any(
        written(f"server.process.{field.name}") for field in fields(ProcessSettings)
    ):
        server = replace(server, process=ProcessSettings(name=None))
    return replace(experiment, server=server)
