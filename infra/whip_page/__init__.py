"""The farm's page that publishes by WHIP and plays by WHEP (RFC 9725, draft-ietf-wish-whep-04).

    server.py          serves the page, and its settings below an address that cannot be guessed
    pages/main.js      what one probe does: publish, play, leave
    pages/session.js   one session with an end point: offer, answer, candidates, end
    pages/asking.js    one request: redirects, tokens, when to try again, refusals in words
    pages/link.js      Link headers to ICE servers
    pages/fragment.js  the SDP fragment of trickled candidates

It is part of the generator, as the demo app is, whose camera and style it uses; the end point is
not. The page asks that by itself, as any page of another origin does.
"""

from __future__ import annotations

SETTINGS_VARIABLE = "WHIP_PAGE_SETTINGS"
"""The variable of the environment with the page's settings, JSON: others read no environment."""
