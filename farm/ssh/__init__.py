"""The server's machine over SSH: the only package that imports paramiko.

paramiko blocks, so its calls run in threads. Host keys and certificates are verified against
known_hosts as OpenSSH reads it, and nothing is ever added there by us; logins are by key or agent,
a password is never asked. ssh's configuration is what `ssh -G` says it is (`client_config`).
"""

import logging

from farm.ssh.route import check_settings
from farm.ssh.shell import SshShell

__all__ = ["SshShell", "check_settings"]

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # its failures are told by us
