"""Every kind of message, in every form and language, as it was last approved.

The files in `snapshots/` hold one kind in one language, all forms one below the other. After a
wanted change of wording they are written anew and read before they are committed:

    DUBAN_UPDATE_SNAPSHOTS=1 pytest tests/notices/test_snapshots.py
"""

import os
from functools import cache
from pathlib import Path

import pytest

from models.notice import NoticeKind
from notices.forms import FORMS, MARKDOWN, SHORT
from notices.message import Message
from notices.samples import DIGESTS, messages
from notices.shelf import LANGS

SNAPSHOTS = Path(__file__).parent / "snapshots"
NAMES = [*(kind.value for kind in NoticeKind), *DIGESTS]


@cache
def _messages(lang: str) -> dict[str, Message]:
    return dict(messages(lang))


def _text(message: Message) -> str:
    forms = (message.body, message.markdown, message.html, message.short)
    told = "\n\n".join(f"=== {name}\n{text}" for name, text in zip(FORMS, forms, strict=True))
    return f"=== subject\n{message.subject}\n\n{told}\n"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_message_reads_as_it_was_approved(name: str, lang: str) -> None:
    text, file = _text(_messages(lang)[name]), SNAPSHOTS / f"{name}.{lang}.txt"
    if os.environ.get("DUBAN_UPDATE_SNAPSHOTS") == "1":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_no_snapshot_is_left_of_a_message_that_is_gone() -> None:
    known = {f"{name}.{lang}.txt" for name in NAMES for lang in LANGS}
    assert {file.name for file in SNAPSHOTS.iterdir()} == known


@pytest.mark.parametrize("lang", LANGS)
def test_every_message_has_every_form_within_its_bounds(lang: str) -> None:
    for name, message in _messages(lang).items():
        assert not message.trouble, name
        assert all((message.body, message.markdown, message.html, message.short)), name
        assert len(message.short) <= SHORT, name
        assert len(message.markdown.encode()) <= MARKDOWN, name
        assert "\n" not in message.short, name


def test_english_messages_speak_no_chinese_but_what_people_wrote() -> None:
    written = "中山路12号农贸市场"
    for name in ("reminder", "closed", "summary"):
        told = _messages("en")[name]
        assert "催办" not in told.body + told.markdown + told.html + told.short
        assert name == "summary" or written in told.html


def test_mail_fetches_nothing_from_anywhere() -> None:
    for message in _messages("zh").values():
        assert "<img" not in message.html
        assert "url(" not in message.html
        assert "<script" not in message.html
