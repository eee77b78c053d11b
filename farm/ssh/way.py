"""Opens the byte stream to a hop: a socket, a proxy command, or a channel of the hop before."""

from __future__ import annotations

import socket

import paramiko

from farm.errors import ServerUnreachable
from farm.ssh.proxy_command import CommandSocket
from farm.ssh.route import Hop
from farm.ssh.transport import Transport, Way

FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
PROHIBITED, FAILED = 1, 2
"""Reasons of a server that opens no channel: RFC 4254, section 5.1."""


def way_to(hop: Hop, before: tuple[Hop, Transport] | None, within_s: float) -> Way:
    """Open the stream; `before` is the last hop that is logged in. Raises ServerUnreachable."""
    try:
        if before is not None:
            return before[1].open_channel(
                "direct-tcpip", (hop.host, hop.port), ("127.0.0.1", 0), timeout=within_s
            )
        if hop.proxy_command is not None:
            return CommandSocket.to(hop.proxy_command)
        return _connected(hop, within_s)
    except paramiko.ChannelException as error:
        raise ServerUnreachable(_refusal(hop, before, error)) from None
    except socket.gaierror as error:
        raise ServerUnreachable(f"{hop.host} has no address: {error.strerror}") from None
    except TimeoutError:
        raise ServerUnreachable(
            f"{hop.host} port {hop.port} does not answer (SSH, within {within_s:g} s)"
        ) from None
    except (OSError, paramiko.SSHException, EOFError) as error:
        why = error.strerror if type(error) is ConnectionRefusedError else error
        raise ServerUnreachable(
            f"{hop.host} port {hop.port} cannot be reached (SSH): {why}"
        ) from None


def _connected(hop: Hop, within_s: float) -> socket.socket:
    """A socket connected to the first of its addresses that answers."""
    source = None if hop.bind is None else (hop.bind, 0)
    failure: OSError | None = None
    family = FAMILIES.get(hop.family, socket.AF_UNSPEC)
    for *kind, _, address in socket.getaddrinfo(hop.host, hop.port, family, socket.SOCK_STREAM):
        connection = socket.socket(*kind)
        try:
            connection.settimeout(within_s)
            if source is not None:
                connection.bind(source)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = failure or error
        else:
            return connection
    raise failure or OSError("it has no address of that family")


def _refusal(
    hop: Hop, before: tuple[Hop, Transport] | None, error: paramiko.ChannelException
) -> str:
    last = before[0] if before else hop
    if error.code == PROHIBITED:
        return (
            f"{last} does not forward to {hop.host} port {hop.port}: AllowTcpForwarding or"
            " PermitOpen of its sshd_config, or permitopen or restrict beside the key in its"
            " authorized_keys, forbids it"
        )
    if error.code == FAILED:
        return f"{hop.host} port {hop.port} cannot be reached from {last} (SSH)"
    return f"{last} opens no channel to {hop.host} port {hop.port}: {error.text}"
