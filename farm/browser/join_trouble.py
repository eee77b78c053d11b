"""Why a step of a driver failed: errors, dialogs and closed sockets of the page. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.page_samples import ProbeEvent

STATUS = "#status"
MESSAGE_PLACES = ("#error", "[role=alert]", STATUS)
"""Selectors of elements that show messages to a person; `STATUS` need not be an error."""

LONGEST = 200
ORDERLY = (1000, 1005)


@dataclass(slots=True)
class JoinTrouble:
    """The last error of each kind in a page, since it was opened."""

    dialog: str | None = None
    socket: str | None = None
    uncaught: str | None = None
    console: str | None = None

    def socket_closed(self, event: ProbeEvent) -> None:
        """Note a `socket_closed` event; an orderly close (RFC 6455, 7.4.1) is no error."""
        if event.data.get("code") not in ORDERLY:
            self.socket = event.message

    def explain(
        self, what: str, shown: tuple[str, str] | None, media: str | None
    ) -> tuple[str, str]:
        """Reason and message for a step that took too long (`what` says so).

        `shown` is the first of `MESSAGE_PLACES` with visible text, and that text; `media` says how
        far connections without media came. The likeliest cause comes first: a dialog without an
        answer, the app's own message or its closed socket, media, an uncaught error.
        """
        complaint = shown is not None and shown[0] != STATUS
        reason = "timeout"
        if self.dialog is not None:
            reason = "dialog"
        elif complaint or self.socket is not None:
            reason = "signalling"
        elif media is not None:
            reason = "media"
        elif self.uncaught is not None:
            reason = "page_error"
        return reason, self.describe(what if media is None else f"{what}; {media}", shown)

    def describe(self, what: str, shown: tuple[str, str] | None) -> str:
        """One line: `what`, what the page shows, and the last error of each kind."""
        parts = [what]
        if shown is not None:
            parts.append(f"the page shows {' '.join(shown[1].split())[:LONGEST]!r} in {shown[0]}")
        for label, trouble in (
            ("unexpected dialog", self.dialog),
            ("socket", self.socket),
            ("uncaught error", self.uncaught),
            ("console", self.console),
        ):
            if trouble is not None:
                parts.append(f"{label}: {' '.join(trouble.split())[:LONGEST]}")
        return "; ".join(parts)
