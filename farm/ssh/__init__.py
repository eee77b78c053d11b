"""The server's machine over SSH: the only package that imports paramiko.

paramiko blocks, so its calls run in threads. Host keys are verified against known_hosts and
nothing is ever added there by us; logins are by key or agent, a password is never asked.
`~/.ssh/config` is honoured for HostName, User, Port, IdentityFile, IdentitiesOnly and ProxyJump.
"""

import logging

from farm.ssh.route import check_settings
from farm.ssh.shell import SshShell

__all__ = ["SshShell", "check_settings"]

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # its failures are told by us
