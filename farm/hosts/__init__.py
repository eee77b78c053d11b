"""Machines that run probes: `local` is this one, `sampler` samples its load.

A remote host is `remote` on the controller and `service` on the host; they talk by `rpc`.
"""

from __future__ import annotations

from farm.hosts.local import LocalHost, SharedBrowser
from farm.hosts.remote import RemoteHost

__all__ = [
    "LocalHost",
    "RemoteHost",
    "SharedBrowser",
]
