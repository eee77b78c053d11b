"""The other probes of a session."""

from __future__ import annotations

from farm.planning.partners import with_partners
from farm.testing import calls


def test_a_probe_gets_the_names_of_the_others() -> None:
    (session,) = calls(1).sessions
    callee, caller = session.probes
    assert with_partners(callee, session).variables["partners"] == caller.probe
    assert with_partners(caller, session).variables["partners"] == callee.probe
