"""Logs in to a machine by key or agent."""

from __future__ import annotations

import paramiko

from farm.errors import LoginRefused
from farm.ssh.agent import Agent
from farm.ssh.certificate import SUFFIX
from farm.ssh.identities import Identity, MissingIdentity, identities
from farm.ssh.route import Hop
from farm.ssh.transport import Transport

RSA = ("ssh-rsa", f"ssh-rsa{SUFFIX}")


def log_in(hop: Hop, transport: Transport, within_s: float) -> None:
    """Offer each key until one is accepted. Raises LoginRefused naming what was tried."""
    transport.auth_timeout = within_s
    attempt = _Attempt(hop, transport)
    methods = attempt.methods()
    if methods is None:
        return
    if "publickey" not in methods:
        raise LoginRefused(
            f"{hop} accepts no key: it wants {', '.join(methods) or 'no known method'}."
            " The farm cannot answer prompts: allow keys (PubkeyAuthentication and"
            " AuthenticationMethods of its sshd_config)"
        )
    with Agent(hop.agent, within_s) as agent:
        for identity in identities(hop, agent.get_keys()):
            if attempt.lets_in(identity):
                return
            if attempt.over:
                break
        raise attempt.refusal(agent.complaint)


class _Attempt:
    """One login over one connection; `over`: no more keys can be offered."""

    def __init__(self, hop: Hop, transport: Transport) -> None:
        self.over = False
        self._hop = hop
        self._transport = transport
        self._tried: list[str] = []
        self._offered: set[bytes] = set()
        self._accepted: list[str] = []
        self._still_wanted: list[str] = []
        self._words = ""

    def methods(self) -> list[str] | None:
        """The authentication methods that the server allows; `None` if it asks for none at all."""
        try:
            self._transport.auth_none(self._hop.user)
        except paramiko.BadAuthenticationType as error:
            return error.allowed_types
        except (paramiko.SSHException, EOFError, OSError):
            self._tried.append("nothing so far: it hung up, or did not answer")
            self._words = self._transport.farewell
            raise self.refusal("") from None
        return None

    def lets_in(self, identity: Identity | MissingIdentity) -> bool:
        """Whether the key is accepted and completes the login."""
        if isinstance(identity, MissingIdentity):
            self._tried.append(identity.label)
            return False
        if identity.offered in self._offered:
            return False
        self._offered.add(identity.offered)
        if identity.get_name() in RSA and not self._takes_rsa():
            self._tried.append(f"{identity.label} (it takes no RSA keys)")
            return False
        remaining: list[str] = []
        try:
            remaining = self._transport.auth_publickey(self._hop.user, identity)
            if not remaining:
                return True
            self._accepted.append(identity.label)
            self._still_wanted = remaining
            self.over = "publickey" not in remaining
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._refused(identity, str(error))
        return False

    def refusal(self, agent_complaint: str) -> LoginRefused:
        words = f" It says: {self._words.rstrip('.')}." if self._words else ""
        if self._accepted:
            return LoginRefused(
                f"{self._hop}: the key was accepted; the server still asks for:"
                f" {', '.join(self._still_wanted)} (accepted: {', '.join(self._accepted)}).{words}"
                " The farm cannot answer prompts: let the server accept a key alone from here"
                " (AuthenticationMethods of its sshd_config)"
            )
        tried = ", ".join(self._tried) or "no key, there is none here"
        agent = f"; {agent_complaint}" if agent_complaint else ""
        return LoginRefused(
            f"{self._hop} refused the login; tried: {tried}{agent}.{words}{self._many()}"
            " Passwords are never asked: name a key it accepts (server.ssh.key), or add one to the"
            f" agent, or run: ssh-copy-id -p {self._hop.port} {self._hop.user}@{self._hop.host}"
        )

    def _refused(self, identity: Identity, why: str) -> None:
        self._tried.append(
            f"{identity.label} (the agent did not sign)" if identity.unsigned else identity.label
        )
        handler = self._transport.auth_handler
        banner = handler.banner if handler is not None else None
        if banner:
            text = banner if isinstance(banner, str) else banner.decode(errors="replace")
            self._words = " ".join(text.split())[:300]
        if "timeout" in why:
            self._tried.append("then it did not answer")
            self.over = True
        elif not self._transport.is_active():
            self._tried.append("then it hung up")
            self._words = " ".join(filter(None, (self._words, self._transport.farewell)))
            self.over = True

    def _many(self) -> str:
        """Advice about a server that limits attempts (MaxAuthTries)."""
        if "Too many authentication failures" not in self._transport.farewell:
            return ""
        return (
            f" It accepts no more than {len(self._offered)} keys a connection (MaxAuthTries), and"
            " others come first: name the right one in server.ssh.key, or with IdentityFile and"
            " IdentitiesOnly in ssh's configuration."
        )

    def _takes_rsa(self) -> bool:
        """Whether the server takes RSA keys, by server-sig-algs: RFC 8308."""
        algorithms = self._transport.server_extensions.get("server-sig-algs", b"").decode()
        return not algorithms or any(name.startswith("rsa-sha2-") for name in algorithms.split(","))
