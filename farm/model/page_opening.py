"""How the pages of a trial are opened, as their hosts get it. Never recorded: it holds secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.model.page_address import Login


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate and its private key, in PEM, for one origin."""

    origin: str
    cert: bytes
    key: bytes = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StorageState:
    """Cookies and local storage with which a page begins, as Playwright writes them."""

    value: Mapping[str, Any] = field(repr=False)

    def cookies(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.value.get("cookies", ()))

    def origins(self) -> tuple[str, ...]:
        """The origins whose local storage it has."""
        return tuple(str(each["origin"]) for each in self.value.get("origins", ()))

    def secrets(self) -> Iterator[str]:
        """Values of cookies and of local storage that are long enough to be a secret."""
        stored = [
            item["value"] for each in self.value.get("origins", ()) for item in each["localStorage"]
        ]
        for value in (*(cookie["value"] for cookie in self.cookies()), *stored):
            if len(value) >= SECRET_CHARACTERS:
                yield value


SECRET_CHARACTERS = 8
"""A shorter value of a cookie, or in local storage, is a setting (`true`, `dark`)."""


@dataclass(frozen=True, slots=True)
class PageOpening:
    """Settings of `app` and `probes.device`, with the contents of the files that they name.

    `headers` are templates of a probe's variables; `environment` has those of the environment,
    `env:NAME`, of headers and driver; `own` the other variables of a user's own, by probe.
    `storage_states` are by probe; one for all is the same value for each. `login` is
    for the origin of the page under test alone. `label_key`, of this trial, tells apart names of
    data channels whose secrets are replaced.
    """

    login: Login | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    storage_states: Mapping[str, StorageState] = field(default_factory=dict)
    client_certificates: tuple[ClientCertificate, ...] = ()
    permissions: tuple[str, ...] = ()
    locale: str | None = None
    timezone: str | None = None
    user_agent: str | None = None
    device: str | None = None
    label_key: bytes = field(default=b"", repr=False, compare=False)

    def variables(self, probe: str) -> Mapping[str, str]:
        """All variables of this probe that are a user's own."""
        return {**self.environment, **self.own.get(probe, {})}

    def secrets(self) -> Iterator[str]:
        """What must not be shown or recorded."""
        for values in self.own.values():
            yield from values.values()
        yield from self.environment.values()
        if self.login is not None:
            yield self.login.password
            yield f"{self.login.user}:{self.login.password}"
        states = {id(state): state for state in self.storage_states.values()}
        for state in states.values():
            yield from state.secrets()
        for certificate in self.client_certificates:
            if certificate.passphrase is not None:
                yield certificate.passphrase
