"""What a run acts on: the clock, the server, the hosts, and what watches them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from farm.model.driver import Driver
from farm.model.trial_evidence import Fault
from farm.model.trial_plan import TrialPlan
from farm.protocols import Clock, Host, Observer, Server, ServerView


@dataclass(frozen=True, slots=True)
class World:
    """The hosts, servers and clocks that a run uses; the bench opens them.

    `hosts` opens the machines that a plan names and closes them after the trial, so that each
    trial has fresh browsers. `watch` yields a future of the first death of a process of
    the media server or the demo app.
    """

    clock: Clock
    observer: Observer
    server: Server
    driver: Driver
    hosts: Callable[[TrialPlan], AbstractAsyncContextManager[Mapping[str, Host]]]
    watch: Callable[[], AbstractAsyncContextManager[asyncio.Future[Fault]]]
    view: ServerView
