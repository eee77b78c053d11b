"""Verifies a machine's host key against known_hosts, as OpenSSH does."""

from __future__ import annotations

import time
from collections.abc import Sequence

import paramiko

from farm.errors import HostKeyUnknown, ServerUnreachable
from farm.ssh.certificate import SUFFIX
from farm.ssh.first_words import before_ssh, hung_up
from farm.ssh.host_trust import ShownKey, Trust, shown_by, trust_in
from farm.ssh.known_hosts import KnownHosts, KnownKey, Marker, revoked_keys
from farm.ssh.proxy_command import CommandSocket
from farm.ssh.route import Hop
from farm.ssh.transport import Transport, Way

LENIENT = ("no", "off", "false", "accept-new")
"""Values of StrictHostKeyChecking that accept an unknown host, which the farm never does."""


class ConnectionDropped(ServerUnreachable):
    """It hung up before SSH began, as a server with too many connections does."""


def verified(hop: Hop, way: Way, before: Sequence[Hop], within_s: float) -> Transport:
    """The SSH handshake with a host whose key is known, or whose certificate's authority is.

    Raises HostKeyUnknown with the command that adds the key (to run on the last of `before`, the
    hops before it), ServerUnreachable, BadInput; `way` is closed then.
    """
    try:
        return _verified(hop, way, before, within_s)
    except BaseException:
        way.close()
        raise


def _verified(hop: Hop, way: Way, before: Sequence[Hop], within_s: float) -> Transport:
    known, revoked = KnownHosts(hop.known_hosts), revoked_keys(hop.revoked_keys)
    transport = Transport(way, preferred(hop.host_key_algorithms, known, hop.entries))
    # Longer than we wait for it, so that a silent server differs from one that hangs up.
    transport.banner_timeout = transport.handshake_timeout = 2 * within_s
    transport.use_compression(hop.compressed)
    try:
        transport.start_client(timeout=within_s)
        shown = shown_by(transport.get_remote_server_key())
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        way.close()  # then the output of a proxy command is known
        itself = not isinstance(way, CommandSocket)  # a command that fails would fail again
        dropped = itself and not _silent(error) and hung_up(transport.greeting)
        kind = ConnectionDropped if dropped else ServerUnreachable
        raise kind(_no_ssh(hop, way, transport, error, within_s)) from None
    trust = trust_in(shown, known, hop, transport.peer_address, time.time(), revoked=revoked)
    if not trust.known:
        transport.close()
        raise HostKeyUnknown(_refusal(hop, shown, trust, known, before))
    return transport


def preferred(
    algorithms: Sequence[str], known: KnownHosts, entries: Sequence[str]
) -> tuple[str, ...]:
    """Algorithms in OpenSSH's order: of known keys first, certificates if an authority is known.

    A server with several keys shows the key of the first.
    """
    by_name = ([key for key in known.of(name) if key.marker != Marker.REVOKED] for name in entries)
    keys = next(filter(None, by_name), [])
    types = {key.key_type for key in keys if key.marker is Marker.HOST}
    authority = any(key.marker is Marker.AUTHORITY for key in keys)
    if _key_type(algorithms[0]) in types:
        return tuple(algorithms)

    def later(name: str) -> bool:
        return not (_key_type(name) in types or (authority and name.endswith(SUFFIX)))

    return tuple(sorted(algorithms, key=later))


def _key_type(algorithm: str) -> str:
    """The type of the plain key of an algorithm."""
    plain = algorithm.removesuffix(SUFFIX)
    return "ssh-rsa" if plain.startswith("rsa-sha2-") else plain


def _no_ssh(hop: Hop, way: Way, transport: Transport, error: Exception, within_s: float) -> str:
    where = f"{hop.host} port {hop.port}"
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return (
            f"{where} speaks SSH, but nothing that is still safe: {error}."
            " Update its sshd, or what its sshd_config allows (HostKeyAlgorithms, KexAlgorithms,"
            " Ciphers, MACs); keys that sign with SHA-1 alone (ssh-rsa, ssh-dss) are not accepted"
        )
    if isinstance(way, CommandSocket):
        words = f", it says {way.words}" if way.words else ""
        return f"ProxyCommand ({way.program}) does not lead to {where}{words} ({error})"
    why = transport.farewell or str(error) or "it hung up"
    if _silent(error):
        why = f"it says nothing more within {within_s:g} s"
    if transport.remote_version:
        return f"{where} speaks SSH, but the handshake fails: {why}"
    first = None if _silent(error) else before_ssh(transport.greeting, where)
    return first or f"{where} answers, but does not speak SSH: {why}"


def _silent(error: Exception) -> bool:
    """Whether the other end sent nothing in time, and did not hang up."""
    return "No existing session" in str(error)


def _refusal(
    hop: Hop, shown: ShownKey, trust: Trust, known: KnownHosts, before: Sequence[Hop]
) -> str:
    who = f"the key of {hop.host} port {hop.port}"
    key = f"{shown.key_type} {shown.fingerprint}"
    if trust.revoked is not None:
        return (
            f"{who} is REVOKED by {trust.revoked.place}: it showed {key}. An attacker with a stolen"
            " key may be there: give the machine another key, or correct that line if it is wrong"
        )
    add = _adding(hop, before)
    if trust.others:
        return (
            f"{who} CHANGED: {_have(trust.others)}, it showed {key}."
            f" Another machine may pose as it."
            f" If the machine was installed anew: {_taking_out(hop, trust.others)} && {add}"
        )
    files = [file for file in hop.known_hosts if file == hop.to_add_to or file.exists()]
    looked_in = ", ".join(map(str, files)) or "any file"
    notes = [
        *([f"its certificate does not vouch for it: {trust.fault}"] if trust.fault else []),
        *(f"the line at {place} cannot be read" for place in known.broken(hop.entries[0])),
        *known.unreadable,
        *(["StrictHostKeyChecking is not followed here"] if hop.strictness in LENIENT else []),
    ]
    also = f" ({'; '.join(notes)})" if notes else ""
    return f"{who} is not in {looked_in}{also}; it showed {key}. If that is right, add it: {add}"


def _adding(hop: Hop, before: Sequence[Hop]) -> str:
    """The command that adds the key to known_hosts."""
    if hop.to_add_to is None:
        return (
            "name a file in server.ssh.known_hosts (ssh's configuration has none to add it to),"
            " and ask again"
        )
    if hop.proxy_command is not None:
        options = f"-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={hop.to_add_to}"
        return f"ssh {options} -p {hop.port} {hop.user}@{hop.name} true"
    scan = f"ssh-keyscan -p {hop.port} {hop.host}"
    if before:
        *farther, last = before
        jumps = f"-J {','.join(each.uri for each in farther)} " if farther else ""
        scan = f"ssh {jumps}-p {last.port} {last.user}@{last.host} {scan}"
    if hop.alias is not None:
        scan = f"{scan} | sed 's/^[^ ]*/{hop.alias}/'"
    return f"{scan} >> {hop.to_add_to}"


def _taking_out(hop: Hop, keys: Sequence[KnownKey]) -> str:
    """The commands that remove the keys; lines with other hosts too are left to the user."""
    shared = [key.place for key in keys if not key.exactly]
    if shared:
        return f"correct {', '.join(shared)}, whose pattern matches this host,"
    files = dict.fromkeys(key.file for key in keys)
    return " && ".join(f"ssh-keygen -R '{hop.entries[0]}' -f {file}" for file in files)


def _have(keys: Sequence[KnownKey]) -> str:
    files = dict.fromkeys(key.file for key in keys)
    return "; ".join(
        f"{file} has {', '.join(key.fingerprint for key in keys if key.file == file)}"
        for file in files
    )
