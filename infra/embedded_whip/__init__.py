"""WHIP and WHEP in front of the embedded media server, for trying the farm out and for tests.

Below `/live/` of its HTTP port (RFC 9725, draft-ietf-wish-whep-04):

    POST /live/STREAM/whip           publish: an SDP offer, answered with 201 and a session
    POST /live/STREAM/whep           play what is published: likewise
    PATCH /live/STREAM/sessions/ID   candidates of the client (trickle ICE)
    DELETE /live/STREAM/sessions/ID  leave

    endpoint.py      HTTP: methods, media types, tokens, CORS, entity-tags
    streams.py       publishers and players as objects of the embedded server
    offers.py        what an offer must be, and what its answer has beside Kurento's (pure)
    fragments.py     the SDP fragment of a PATCH (pure)
    refusal.py       answers other than 2xx, as problem details (RFC 9457)

A stream is a pipeline that lives as long as anyone publishes or plays it. It has one publisher; a
player that comes before one is told 409 and Retry-After, one whose publisher left stays and gets
the next. A session whose browser is gone ends by itself. Where it differs from what a client may
meet elsewhere: no ICE restart (422), no counter-offer (406), no simulcast, no extensions.
"""

from __future__ import annotations

TOKEN_VARIABLE = "EMBEDDED_WHIP_TOKEN"  # noqa: S105 - a name
"""The variable of the environment with the bearer token that the end point asks for."""
