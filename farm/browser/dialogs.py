"""Answers the dialogs of a probe's pages (`alert`, `confirm`, `prompt`, `beforeunload`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Dialog

from farm.browser.answered_dialog import UNLOAD, AnsweredDialog
from farm.model.driver import AcceptDialog, DismissDialog
from farm.model.mask import Mask
from farm.model.page_samples import CANCELLED, EMPTY

LONGEST = 200


class Dialogs:
    """How dialogs are answered: with Cancel, until a step says otherwise.

    `answered` is told of each, without the secrets that `mask` replaces.
    """

    def __init__(self, mask: Mask, answered: Callable[[AnsweredDialog], None]) -> None:
        self._mask = mask
        self._answered = answered
        self._answer: AcceptDialog | DismissDialog | None = None

    def set(self, answer: AcceptDialog | DismissDialog) -> None:
        """Answer so from now on."""
        self._answer = answer

    def answer(self, dialog: Dialog) -> Awaitable[None]:
        """The answer to a dialog, to be awaited.

        A page that asks whether it may be left may: leaving is what a step, or the page, does.
        """
        is_unload = dialog.type == UNLOAD
        text: str | None = None
        if is_unload:
            text = ""
        elif isinstance(self._answer, AcceptDialog):
            text = dialog.default_value if self._answer.text is None else self._answer.text
        self._answered(
            AnsweredDialog(
                dialog.type,
                self._line(dialog.message),
                self._words(dialog.type, text),
                unexpected=self._answer is None and not is_unload,
            )
        )
        return dialog.dismiss() if text is None else dialog.accept(text)

    def _words(self, type: str, text: str | None) -> str:
        """An answer as a participle; `text` is what was typed, `None`: it was cancelled."""
        if type == "alert":
            return "closed"
        if text is None:
            return CANCELLED
        if type != "prompt":
            return "answered with OK"
        return f"answered with {self._line(text)!r}" if text else EMPTY

    def _line(self, text: str) -> str:
        return " ".join(self._mask(text).split())[:LONGEST]
