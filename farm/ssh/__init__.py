"""The server's machine over SSH: the only package that imports paramiko.

paramiko blocks, so its calls run in threads. Host keys and certificates are verified against
known_hosts as OpenSSH reads it, and the farm never adds to it; logins are by key or agent, never by
password. ssh's configuration is read by `ssh -G` (`client_config`).
"""

import logging

from farm.ssh.route import check_settings
from farm.ssh.shell import SshShell

__all__ = ["SshShell", "check_settings"]

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # we report its failures
