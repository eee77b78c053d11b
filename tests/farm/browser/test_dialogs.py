"""How dialogs are answered, and what is told of it, of made up ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from farm.browser.answered_dialog import AnsweredDialog
from farm.browser.dialogs import Dialogs
from farm.model.driver import AcceptDialog
from farm.model.mask import Mask


@dataclass
class MadeUpDialog:
    """Playwright's, with what was typed into it."""

    message: str
    type: str = "prompt"
    default_value: str = ""
    typed: list[str | None] = field(default_factory=list)

    async def accept(self, prompt_text: str | None = None) -> None:
        self.typed.append(prompt_text)

    async def dismiss(self) -> None:
        self.typed.append(None)


async def answered(dialog: Any, text: str | None) -> AnsweredDialog:
    told: list[AnsweredDialog] = []
    dialogs = Dialogs(Mask(["s3cret"]), told.append)
    dialogs.set(AcceptDialog(text))
    await dialogs.answer(dialog)
    return told[0]


async def test_secrets_of_a_dialog_and_of_its_answer_are_masked_and_lines_joined() -> None:
    dialog = MadeUpDialog("PIN of\n s3cret?")
    told = await answered(dialog, "s3cret")
    assert dialog.typed == ["s3cret"]
    assert (told.name, told.answer) == ("prompt 'PIN of ***?'", "answered with '***'")


async def test_a_secret_in_a_long_text_is_masked_before_it_is_cut() -> None:
    told = await answered(MadeUpDialog(f"{'x' * 197}s3cret"), None)
    assert told.text == f"{'x' * 197}***"


async def test_a_question_whether_a_page_may_be_left_is_no_unexpected_one() -> None:
    dialogs = Dialogs(Mask([]), (told := list[AnsweredDialog]()).append)
    dialog: Any = MadeUpDialog("", "beforeunload")
    await dialogs.answer(dialog)
    assert dialog.typed != [None]
    assert told == [AnsweredDialog("beforeunload", "", "answered with OK", unexpected=False)]
