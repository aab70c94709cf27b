"""What somebody wrote, without what the mail program quoted below it."""

import re
from collections.abc import Iterable
from email.message import EmailMessage
from html.parser import HTMLParser

MOST_BODY = 400_000
"""Bytes of a text that are looked at."""

# 简体中文 is often labelled with the smaller of two sets: the larger one reads both.
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "us-ascii": "utf-8", "ascii": "utf-8"}
_GUESSES = ("utf-8", "gb18030")


def text_of(parts: Iterable[EmailMessage]) -> tuple[EmailMessage | None, str]:
    """The part that was read, plain text before HTML, and what stands above the quotation."""
    written = [part for part in parts if not part.is_attachment() and not part.get_filename()]
    for media in ("text/plain", "text/html"):
        for part in written:
            if part.get_content_type() == media and (text := _read(part, media)).strip():
                return part, above(text)
    return None, ""


def _read(part: EmailMessage, media: str) -> str:
    data = part.get_payload(decode=True)
    text = decoded(data if isinstance(data, bytes) else b"", part.get_content_charset() or "")
    return plain(text) if media == "text/html" else text


def decoded(data: bytes, charset: str) -> str:
    """Bytes as text: by the charset they say they are in, unless that is a lie."""
    data = data[:MOST_BODY]
    for name in (_LARGER.get(charset.lower(), charset), *_GUESSES):
        try:
            return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")


# -- HTML --------------------------------------------------------------------------------------

_SILENT = {"style", "script", "head", "title", "template"}
_BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "hr", "table"}


class _Plain(HTMLParser):
    """The words of a page; what it quotes is marked with ">"."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent: list[str] = []
        self.quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent.append(tag)
        if tag == "blockquote":
            self.quoted += 1
        if tag in _BREAKS or tag == "blockquote":
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.silent:
            del self.silent[self.silent.index(tag) :]
        if tag == "blockquote" and self.quoted:
            self.quoted -= 1
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not self.silent:
            self.out.append(f"\n> {words}" if self.quoted else words)


def plain(html: str) -> str:
    """HTML as lines of text."""
    page = _Plain()
    page.feed(html)
    page.close()
    return "".join(page.out)


# -- the quotation -----------------------------------------------------------------------------

_LINE = re.compile(
    r"-{2,}\s*(原始邮件|原邮件|转发的?邮件|转发邮件信息|回复的原邮件|original message"
    r"|forwarded message)\s*-{2,}"
    r"|_{12,}|-- ",
    re.IGNORECASE,
)
# "在 2026年9月29日 09:00，Bob 写道：", "Bob <b@c.example> 于…写道：", "On Tue, … wrote:". A date or
# an address must stand in it: people too write "群众来信写道：".
_WROTE = re.compile(r"(?=.*[\d@]).{1,200}(写道|wrote)\s*[:：]", re.IGNORECASE)
_FROM = re.compile(r"[*>\s]*(发件人|寄件者|from)\s*[*]?\s*[:：].+", re.IGNORECASE)
_BESIDE = re.compile(
    r"[*>\s]*(发送时间|发件时间|日期|时间|收件人|主题|sent|date|to|subject)\s*[*]?\s*[:：]",
    re.IGNORECASE,
)
_FROM_PHONE = re.compile(r"(发自|来自|从)我的.{1,30}|sent from my .{1,40}", re.IGNORECASE)


def above(text: str) -> str:
    """What stands above the quotation; where nothing does, what is not quoted at all."""
    lines = [_seen(line) for line in text.replace("\r\n", "\n").split("\n")]
    end = next((n for n in range(len(lines)) if _begins(lines, n)), len(lines))
    mine = _joined(lines[:end])
    return mine or _joined(line for line in lines[end:] if not _belongs(line))


def _begins(lines: list[str], n: int) -> bool:
    line = lines[n]
    if line.startswith(">") or _LINE.fullmatch(line):
        return True
    both = f"{line} {lines[n + 1]}" if n + 1 < len(lines) and line else line
    if _WROTE.fullmatch(line.strip()) or (_WROTE.fullmatch(both.strip()) and _opens(line)):
        return True
    return bool(_FROM.fullmatch(line)) and any(_BESIDE.match(x) for x in lines[n + 1 : n + 5])


def _opens(line: str) -> bool:
    """Whether a line may be the first of two that head a quotation."""
    return bool(re.match(r"\s*(在|于|on\s)", line, re.IGNORECASE)) or "@" in line


def _belongs(line: str) -> bool:
    """Whether a line is quoted, or heads a quotation."""
    return bool(
        line.startswith(">") or _LINE.fullmatch(line) or _WROTE.fullmatch(line.strip())
        or _FROM.fullmatch(line) or _BESIDE.match(line)
    )  # fmt: skip


def _joined(lines: Iterable[str]) -> str:
    kept = (line.rstrip() for line in lines if not _FROM_PHONE.fullmatch(line.strip()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _seen(line: str) -> str:
    """A line without what is invisible: it may turn or hide text, or end a record's sentence."""
    return "".join(char for char in line.replace("\t", " ") if char.isprintable() or char == "　")
