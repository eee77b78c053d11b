"""Why a step of a driver failed: what the page suffered and showed before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.page_samples import ProbeEvent

STATUS = "#status"
MESSAGE_PLACES = ("#error", "[role=alert]", STATUS)
"""Where pages show a person what is the matter; `STATUS` also holds good news."""

LONGEST = 200
ORDERLY = (1000, 1005)


@dataclass(slots=True)
class JoinTrouble:
    """The last of each thing that went wrong in a page, since it was opened."""

    dialog: str | None = None
    socket: str | None = None
    uncaught: str | None = None
    console: str | None = None

    def socket_closed(self, event: ProbeEvent) -> None:
        """A `socket_closed` event; an orderly close (RFC 6455, 7.4.1) is no trouble."""
        if event.data.get("code") not in ORDERLY:
            self.socket = event.message

    def explain(
        self, what: str, shown: tuple[str, str] | None, media: str | None
    ) -> tuple[str, str]:
        """Reason and message for a step that took too long (`what` says so).

        `shown` is the first of `MESSAGE_PLACES` with visible text, and that text; `media` how far
        connections without media came. A dialog that nobody answered explains most, then the app's
        own complaint or its closed socket, then media, then an uncaught error.
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
        """One line: `what`, what the page shows, and all the trouble there was."""
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
