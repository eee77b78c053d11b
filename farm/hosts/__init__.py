"""Machines that run probes: this one is `local`; `sampler` looks at its load.

One far away is `remote` here and `service` there, with a `line` between them.
"""

from __future__ import annotations

from farm.hosts.local import LocalHost, SharedBrowser
from farm.hosts.remote import RemoteHost

__all__ = [
    "LocalHost",
    "RemoteHost",
    "SharedBrowser",
]
