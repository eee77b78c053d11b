"""The processes of a container on the server's machine, by docker or podman; why none are seen."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

MOST_WORDS = 300
"""Characters of docker's error output that are kept in a message."""

# Rootless docker has a socket of the user's own, which only a login session's environment names.
_INSPECT = """\
inspected() {
  command -v "$1" >/dev/null 2>&1 || { echo "@farm absent $1"; return 1; }
  answer=$("$@" inspect --type container --format \
    '@farm container {{.State.Pid}} {{.Id}} {{.State.Status}}' NAME 2>&1)
  refused=$?
  [ "$refused" = 0 ] && printf '%s\\n' "$answer" && return
  printf '%s\\n' "$answer" | grep . | head -n 3 | sed "s/^/@farm refused $1 /"
  return 1
}
own=/run/user/$(id -u)/docker.sock
inspected docker || { [ -S "$own" ] && inspected docker -H "unix://$own"; } || inspected podman"""

_INSPECTED = re.compile(r"^@farm container (\d+) (\S+) (\S+)$", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{12,64}")


def container_commands(container: str) -> tuple[str, ...]:
    """The commands whose output the other functions read."""
    inspected = _INSPECT.replace("NAME", shlex.quote(container))
    return (inspected, "grep -asH '' /proc/[0-9]*/cgroup")


def contained(container: str, output: str, files: Mapping[str, str]) -> set[int]:
    """Pids of the container's cgroup; if docker did not answer, by its id in the path."""
    inspected = _INSPECTED.search(output)
    group = files.get(f"/proc/{inspected[1]}/cgroup") if inspected else None
    identity = inspected[2] if inspected else container
    is_id = _ID.fullmatch(identity) is not None
    return {
        int(path.split("/")[2])
        for path, text in files.items()
        if path.endswith("/cgroup") and (text == group or (is_id and identity in text))
    }


def uncontained_reason(container: str, output: str) -> str:
    """Why the container has no visible process, with docker's or podman's error output."""
    if inspected := _INSPECTED.search(output):
        pid, _, status = inspected.groups()
        if pid == "0":
            return f"container {container} is there, but does not run ({status})"
        return f"container {container} runs as pid {pid}, which is not seen there (/proc)"
    refused: dict[str, list[str]] = {}
    for tool, words in re.findall(r"^@farm refused (\S+) (.+)$", output, re.MULTILINE):
        refused.setdefault(tool, []).append(words.strip())
    if not refused:
        absent = re.findall(r"^@farm absent (\S+)$", output, re.MULTILINE)
        without = f": there is neither {' nor '.join(absent)} there" if absent else ""
        return f"container {container} is not seen there{without}"
    words = "; ".join(f"{tool} says: {' '.join(lines)}" for tool, lines in refused.items())
    return f"container {container} is not seen there: {words[:MOST_WORDS]}"
