"""Why a step of a driver failed: errors, dialogs and closed sockets of the page. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from farm.browser.answered_dialog import AnsweredDialog
from farm.browser.chromium_program import SECURE_ORIGINS
from farm.model.page_samples import ProbeEvent

NEED_NOT_BE_ERRORS = ("[role=alertdialog]", "[role=dialog]", "dialog[open]", "#status")
MESSAGE_PLACES = ("#error", "[role=alert]", *NEED_NOT_BE_ERRORS)
"""Selectors of elements that show messages to a person."""

NO_ANSWER = "no accept_dialog"
LONGEST = 200
ORDERLY = (1000, 1005)
FOR_WANT_OF_A_LOGIN = (1008, 3000, 3003, 4401, 4403)
"""Codes with which a server closes the socket of a page whose user it does not know: policy (RFC
6455, 7.4.1), unauthorized and forbidden (IANA's registry), and what apps make of HTTP's."""


@dataclass(frozen=True, slots=True)
class PageState:
    """What a page looks like when a step failed.

    `shown` is the first of `MESSAGE_PLACES` with visible text, and that text; `media` says how far
    connections without media came; `at` where the page is, if that is not where it was opened;
    `asks_login` whether it shows a login that the driver does not use. `insecure` are origins in it
    that have no camera, as they came by plain http.
    """

    shown: tuple[str, str] | None = None
    media: str | None = None
    at: str | None = None
    asks_login: bool = False
    insecure: tuple[str, ...] = ()


@dataclass(slots=True)
class JoinTrouble:
    """The last error of each kind in a page, since it was opened.

    `step` is the step that is executed, as messages name it, `dialog_step` the one that was when
    the dialog came. `prompt` is the last prompt, if it got no text as a step had said.
    """

    step: str = ""
    dialog: AnsweredDialog | None = None
    dialog_step: str = ""
    prompt: AnsweredDialog | None = None
    socket: str | None = None
    socket_code: object = None
    uncaught: str | None = None
    console: str | None = None
    download: str | None = None

    def socket_closed(self, event: ProbeEvent) -> None:
        """Note a `socket_closed` event; an orderly close (RFC 6455, 7.4.1) is no error."""
        if event.data.get("code") not in ORDERLY:
            self.socket, self.socket_code = event.message, event.data.get("code")

    def dialog_answered(self, dialog: AnsweredDialog) -> None:
        """Note a dialog; one that no step said how to answer explains most."""
        if dialog.unexpected:
            self.dialog, self.dialog_step = dialog, self.step
        elif dialog.type == "prompt":
            self.prompt = dialog if dialog.got_no_text else None

    @property
    def lacks_camera(self) -> bool:
        """Whether an error of the page names the camera, which it may not have."""
        return "getUserMedia" in f"{self.uncaught} {self.console}"

    @property
    def _is_alert(self) -> bool:
        return self.dialog is not None and self.dialog.type == "alert"

    def explain(self, what: str, state: PageState) -> tuple[str, str]:
        """Reason and message for a step that took too long (`what` says so).

        The likeliest cause comes first: a question without an answer, the app's closed socket, a
        login, the app's own message, media, an alert, an uncaught error. A socket that was closed
        for want of the login that the page shows comes after that. An alert holds up nothing, as it
        has one answer: it may come of any cause before it.
        """
        login = state.asks_login and state.media is None
        complaint = state.shown is not None and state.shown[0] not in NEED_NOT_BE_ERRORS
        reason = "timeout"
        if self.dialog is not None and not self._is_alert:
            reason = "dialog"
        elif login and (self.socket is None or self.socket_code in FOR_WANT_OF_A_LOGIN):
            reason = "login"
        elif complaint or self.socket is not None:
            reason = "signalling"
        elif state.media is not None:
            reason = "media"
        elif self._is_alert:
            reason = "dialog"
        elif self.uncaught is not None:
            reason = "page_error"
        return reason, self.describe(what, state)

    def describe(self, what: str, state: PageState) -> str:
        """One line: `what`, what the page shows, and the last error of each kind."""
        parts = [what]
        if state.media is not None:
            parts.append(state.media)
        if state.asks_login:
            parts.append("the page asks for a login")
        if state.at is not None:
            parts.append(state.at)
        if state.insecure:
            origins = ",".join(state.insecure)
            parts.append(
                f"{origins} is no secure context, so that its pages have no camera: https, or "
                f"probes.flags: ['{SECURE_ORIGINS}={origins}']"
            )
        if state.shown is not None:
            place, text = state.shown
            parts.append(f"the page shows {' '.join(text.split())[:LONGEST]!r} in {place}")
        if self.dialog is not None:
            came = "" if self.dialog_step == self.step else f", which came in {self.dialog_step}"
            lacks = "cancelled: no accept_dialog: TEXT" if self.dialog.got_no_text else NO_ANSWER
            why = "" if self._is_alert else f" ({lacks} before it)"
            parts.append(f"unexpected dialog: {self.dialog.name}{came}{why}")
        if self.prompt is not None:
            how = "accept_dialog: TEXT gives it a text"
            parts.append(f"{self.prompt.name} was {self.prompt.answer} ({how})")
        for label, trouble in (
            ("a download began", self.download),
            ("socket", self.socket),
            ("uncaught error", self.uncaught),
            ("console", self.console),
        ):
            if trouble is not None:
                parts.append(f"{label}: {' '.join(trouble.split())[:LONGEST]}")
        return "; ".join(parts)
