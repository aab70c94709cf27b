"""Laws: whatever somebody wrote, a message keeps its shape: no line, link, heading or tag more."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from models.notice import NoticeKind
from notices import escaping
from notices.digest import compose_digest
from notices.facts import Facts
from notices.message import Message
from notices.samples import CASE, DIGESTS, sample
from notices.texts import compose
from rules.digest import Overdue

CHUNKS = [
    "](http://evil.example)", "[x](http://evil.example)", "# ", "## ", "\n# ", "\r\n\r\n", "> ",
    "- ", "* ", "1. ", "**", "__", "`", "```", "~~~", "---", "===", "\n===\n", "| a | b |", "<",
    "<img src=x onerror=alert(1)>", "</td></table>", "<at user_id=\"all\">", "<@all>", "@all",
    "&lt;b&gt;", "&#91;x&#93;(http://evil.example)", "\\", "![x](http://evil.example/p.png)",
    "http://evil.example", "www.evil.example", "{{ 7 * 7 }}", "{% if %}", "\u2028", "\u202e", ">",
    "\x00",
    '" onmouseover="', "'", "　", "  ", "\t", "甲", "a", "(", ")", "]", "[", ":", "：", "!", "<!--",
]  # fmt: skip
HARMLESS = "甲地"
LIVES = st.lists(st.sampled_from(CHUNKS), min_size=1, max_size=6).map("".join)
# Something always stands there: where nothing does, another line is left out.
EVIL = LIVES.map(lambda text: f"{text}{HARMLESS}"[-60:])


def _written(facts: Facts, text: str) -> Facts:
    """The facts, with `text` wherever somebody wrote something."""
    told = tuple(text for _ in facts.told)
    return replace(
        facts, place=text, problem=text, unit=text, person=text, reason=text, number=text,
        level_title=text, next_words=text, headline=facts.headline and text, told=told,
    )  # fmt: skip


class _Tags(HTMLParser):
    """The tags of a page with their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))


def _tags(html: str) -> list[Any]:
    parser = _Tags()
    parser.feed(html)
    parser.close()
    return parser.found


_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _shape(markdown: str) -> list[Any]:
    """What Markdown makes of it: the blocks, and what stands in lines besides text."""
    return [
        (token.type, token.tag, token.attrs, [
            (child.type, child.attrs) for child in token.children or () if child.type != "text"
        ])
        for token in _PARSER.parse(markdown)
    ]  # fmt: skip


def _same_shape(evil: Message, plain: Message) -> None:
    assert not evil.trouble
    assert len(evil.body.splitlines()) == len(plain.body.splitlines())
    assert _shape(evil.markdown) == _shape(plain.markdown)
    assert evil.markdown.count("://") == plain.markdown.count("://")
    assert evil.markdown.count("@") == plain.markdown.count("@") == 0
    assert _tags(evil.html) == _tags(plain.html)
    assert len(evil.short.splitlines()) == 1
    assert len(evil.short) <= 70


KINDS = [NoticeKind.REMINDER, NoticeKind.ESCALATION, NoticeKind.EXPOSED, NoticeKind.SUMMARY]


@pytest.mark.parametrize("kind", KINDS)
@given(text=EVIL, lang=st.sampled_from(["zh", "en"]))
@settings(max_examples=60, deadline=None)
def test_nothing_written_changes_the_shape_of_a_message(
    kind: NoticeKind, text: str, lang: str
) -> None:
    facts = sample(kind)
    evil, plain = (compose(_written(facts, each), lang) for each in (text, HARMLESS))
    _same_shape(evil, plain)


@pytest.mark.parametrize("name", DIGESTS)
@given(text=EVIL, lang=st.sampled_from(["zh", "en"]))
@settings(max_examples=40, deadline=None)
def test_nothing_written_changes_the_shape_of_a_digest(name: str, text: str, lang: str) -> None:
    told, overdue = DIGESTS[name]
    made = []
    for each in (text, HARMLESS):
        late = [Overdue(each, f"{n}{each}", case.due_at, 1) for n, case in enumerate(overdue)]
        mine = [replace(_written(facts, each), number=f"{n}{each}") for n, facts in enumerate(told)]
        made.append(compose_digest(mine, lang, overdue=late))
    _same_shape(*made)


@given(text=st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_alone_in_markdown_is_one_paragraph_of_text(text: str) -> None:
    shown = str(escaping.markdown(text))
    types = [kind for kind, *_ in _shape(shown)]
    assert types in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert not [child for token in _PARSER.parse(shown) for child in token.children or ()
                if child.type != "text"]  # fmt: skip


def test_what_was_written_can_still_be_read() -> None:
    text = compose(replace(CASE, place="3#楼 [东] <门>", problem="a_b *c* 见 http://x.cn/y"))
    assert "3＃楼 ［东］ ＜门＞" in text.markdown
    assert "a＿b ＊c＊ 见 http：//x.cn/y" in text.markdown
    assert "3#楼 [东] &lt;门&gt;" in text.html
    assert "3#楼 [东] <门>" in text.body


def test_links_of_our_own_are_left_as_they_are() -> None:
    message = compose(CASE)
    assert f"[打开办理]({CASE.link})" in message.markdown
    assert f'href="{CASE.link}"' in message.html
    assert f"打开办理：{CASE.link}（" in message.body
