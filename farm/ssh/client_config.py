"""Reads the settings of ssh_config(5) for a host, by OpenSSH's client or else by paramiko.

`ssh -G` is used if it is installed: it follows Include, Match and /etc/ssh/ssh_config.
"""

from __future__ import annotations

import functools
import getpass
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

from farm.errors import BadInput
from farm.model.destination import Destination

SYSTEM_FILE = Path("/etc/ssh/ssh_config")
WITHIN_S = 20.0
"""Time limit, with the commands of `Match exec` and lookups of `CanonicalizeHostname`."""

BY_OPENSSH = "ssh -G"
_NO_ANSWER = re.compile(r"No user exists for uid|usage: |unknown option", re.IGNORECASE)
_TOKEN = re.compile(r"%(.)|\$\{(\w+)\}")
_BETWEEN_FILES = re.compile(r" (?=/|~|none$)")
"""The space between two paths, which `ssh -G` does not quote: before `/`, `~` or a last `none`."""


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The settings for a host; `by` names the program that read them.

    `account` is the name of the local account, `None` if it has none.
    """

    by: str
    values: dict[str, list[str]]
    account: str | None = None

    def all(self, key: str) -> list[str]:
        """All values of a key, without `none`."""
        return [value for value in self.values.get(key, []) if value.lower() != "none"]

    def first(self, key: str) -> str | None:
        return next(iter(self.all(key)), None)

    def files(self, key: str) -> list[str]:
        """The paths of a key whose value is a list of files."""
        return [name for value in self.all(key) for name in _BETWEEN_FILES.split(value)]


Reader = Callable[[Destination, Path], HostConfig]
"""Reads the settings for a host, from a home directory. Raises BadInput."""


def local_user() -> str | None:
    """The name of the local account; `None` if it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def no_config(_to: Destination, _home: Path) -> HostConfig:
    """No settings: for a host that the farm itself started."""
    return HostConfig("no program", {}, local_user())


def host_config(
    to: Destination,
    home: Path,
    *,
    system_file: Path = SYSTEM_FILE,
    within_s: float = WITHIN_S,
    account: Callable[[], str | None] = local_user,
) -> HostConfig:
    """The settings for a host. Raises BadInput for a file that OpenSSH refuses, too.

    An account without a name has none: both ssh and paramiko need the name.
    """
    user = account()
    if user is None:
        return HostConfig("no program (this account has no name)", {})
    by, values = _read(to, home, system_file, within_s)
    return HostConfig(by, values, user)


def _read(
    to: Destination, home: Path, system_file: Path, within_s: float
) -> tuple[str, dict[str, list[str]]]:
    """The program that read the settings, and their values."""
    program = shutil.which("ssh")
    try:
        if program is None or not _is_openssh(program, within_s):
            return _by_paramiko(to, home, system_file, "no OpenSSH client is installed here")
        answer, complaint = _ssh_g_output(to, home, system_file, within_s)
    except OSError as error:  # no more processes, descriptors or disk space
        raise BadInput(f"ssh -G {to.host} cannot be run here: {error}") from None
    if answer is not None:
        return BY_OPENSSH, answer
    if _NO_ANSWER.search(complaint):
        return _by_paramiko(to, home, system_file, f"ssh -G says {complaint}")
    raise BadInput(f"ssh -G {to.host}: {complaint}")


@functools.cache
def _is_openssh(program: str, within_s: float) -> bool:
    """Whether the program is OpenSSH's: other clients have no -G and would connect."""
    return "OpenSSH" in _run([program, "-V"], within_s)[2]


def with_tokens(
    text: str, tokens: dict[str, str], variables: Mapping[str, str] | None = None
) -> str:
    """Expand `%` tokens and `${VARIABLES}`, which `ssh -G` does not in some values.

    Variables of a command are left to its shell: they may be secrets.
    """

    def value(match: re.Match[str]) -> str:
        token, variable = match.groups()
        if variable is not None:
            return (variables or {}).get(variable, match[0])
        return tokens.get(token, match[0])

    return _TOKEN.sub(value, text)


def expanded(path: str, tokens: dict[str, str], home: Path) -> str:
    """A path with tokens and `~` expanded."""
    path = with_tokens(path, tokens, os.environ)
    return str(home / path[2:]) if path.startswith("~/") else str(Path(path).expanduser())


def tokens_of(
    to: Destination, host: str, port: int, user: str, alias: str | None, *, account: str | None
) -> dict[str, str]:
    """The tokens of ssh_config(5), "TOKENS", except the hash `%C`."""
    here = socket.gethostname()
    return {
        "%": "%",
        "h": host,
        "i": str(os.getuid()),
        "k": alias or to.host,
        "L": here.partition(".")[0],
        "l": here,
        "n": to.host,
        "p": str(port),
        "r": user,
        "u": account or "",
    }


def _ssh_g_output(
    to: Destination, home: Path, system_file: Path, within_s: float
) -> tuple[dict[str, list[str]] | None, str]:
    """The values of `ssh -G`, or `None` and its error in one line."""
    user, port = (("-l", to.user) if to.user else ()), (("-p", str(to.port)) if to.port else ())
    with tempfile.NamedTemporaryFile("w", prefix="farm-ssh-", suffix=".config") as other:
        elsewhere: tuple[str, ...] = ()
        if not _own(home):
            other.write(_in_another_home(home, system_file))
            other.flush()
            elsewhere = ("-F", other.name)
        status, out, err = _run(
            ["ssh", "-T", "-G", *elsewhere, *user, *port, "--", to.host], within_s
        )
    values: dict[str, list[str]] = {}
    for line in out.splitlines():
        key, _, value = line.partition(" ")
        values.setdefault(key.lower(), []).append(value)
    if status == 0 and "hostname" in values:
        return values, ""
    lines = [line for line in err.strip().splitlines() if ": terminating, " not in line]
    return None, "; ".join(lines) or f"it ended with status {status}"


def _run(command: list[str], within_s: float) -> tuple[int, str, str]:
    """Run `ssh -G`; after the time limit it is killed with its children. Raises BadInput."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as ssh:
        try:
            out, err = ssh.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"{command[0]} -G {command[-1]} does not answer within {within_s:g} s: does"
                " Match exec or CanonicalizeHostname of ssh's configuration hang?"
            ) from None
        finally:
            if ssh.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(ssh.pid, signal.SIGKILL)
    return ssh.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def _own(home: Path) -> bool:
    """Whether it is the home that ssh itself uses: the account's, whatever HOME is."""
    try:
        return home == Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return True


def _in_another_home(home: Path, system_file: Path) -> str:
    """A configuration that reads the files of that home, then the system's."""
    folder = glob.escape(str(home / ".ssh"))
    return (
        f'Include "{folder}/config"\nInclude "{system_file}"\nMatch all\n'
        f'UserKnownHostsFile "{home}/.ssh/known_hosts" "{home}/.ssh/known_hosts2"\n'
    )


def _by_paramiko(
    to: Destination, home: Path, system_file: Path, why: str
) -> tuple[str, dict[str, list[str]]]:
    config = paramiko.SSHConfig()
    by = f"paramiko's reader ({why})"
    for file in (home / ".ssh" / "config", system_file):
        try:
            with file.open() as lines:
                config.parse(lines)
        except FileNotFoundError:
            continue
        except (paramiko.ConfigParseError, UnicodeDecodeError, OSError) as error:
            raise BadInput(f"{file} cannot be read: {error}") from None
    try:
        match = config.lookup(to.host)
    except (ImportError, OSError) as error:
        raise BadInput(
            f"Match exec in ssh's configuration cannot be run without OpenSSH's client: {error}"
        ) from None
    except (paramiko.ssh_exception.CouldNotCanonicalize, KeyError, ValueError) as error:
        raise BadInput(f"ssh's configuration of {to.host}: {error!r}") from None
    values = {
        key: [text.replace('"', "") for text in (value if isinstance(value, list) else [value])]
        for key, value in match.items()
        if value is not None
    }
    if "include" in values:
        by += ", which does not follow Include"
    return by, values
