"""Answers the dialogs of a probe's pages (`alert`, `confirm`, `prompt`, `beforeunload`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Dialog

from farm.model.driver import AcceptDialog, DismissDialog
from farm.model.mask import Mask


class Dialogs:
    """How dialogs are answered: with Cancel, until a step says otherwise.

    `unexpected` is told of each that comes before any step said how to answer it, without the
    secrets that `mask` replaces.
    """

    def __init__(self, mask: Mask, unexpected: Callable[[str], None]) -> None:
        self._mask = mask
        self._unexpected = unexpected
        self._answer: AcceptDialog | DismissDialog | None = None

    def set(self, answer: AcceptDialog | DismissDialog) -> None:
        """Answer so from now on."""
        self._answer = answer

    def answer(self, dialog: Dialog) -> Awaitable[None]:
        """The answer to a dialog, to be awaited.

        A page that asks whether it may be left may: leaving is what a step, or the page, does.
        """
        if dialog.type == "beforeunload":
            return dialog.accept()
        if self._answer is None:
            self._unexpected(f"{dialog.type} {self._mask(dialog.message)!r}")
        if isinstance(self._answer, AcceptDialog):
            text = self._answer.text
            return dialog.accept(dialog.default_value if text is None else text)
        return dialog.dismiss()
