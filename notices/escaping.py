"""What somebody wrote, made harmless for the form in which it is shown.

Backslashes and entities mean something to one chat program and are shown by the next: in
Markdown, characters that mean something are shown by their full-width twins instead.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape

from notices.message import one_line
from notices.wording import Url

LONGEST_VALUE = 5000

_SIGNS = "[]<>`*_#@~|\\&!"
_TWINS = str.maketrans(dict(zip(_SIGNS, "［］＜＞｀＊＿＃＠～｜＼＆！", strict=True)))
# Programs make links of bare addresses, and lists, rules or headings of how a line begins.
_ADDRESS = re.compile(r"://|(?<![^\W_])www\.", re.IGNORECASE)
_BEGINNING = re.compile(r"^(?:[-+=:]|\d{1,9}[.)])")
_MEANING = re.compile(rf"[{re.escape(_SIGNS)}]|://|www\.|^[-+=:\d]", re.IGNORECASE)
"""What may mean something: most texts hold nothing of the kind."""


def plain(value: Any) -> Markup:
    """One line of plain text."""
    text = value if isinstance(value, Url) else one_line(str(value), LONGEST_VALUE)
    return Markup(text)  # noqa: S704 - plain text has nothing to escape


def markdown(value: Any) -> Markup:
    """Text that is shown as it is: it opens no link, heading, list, quotation or mention."""
    if isinstance(value, Url):
        return Markup(value)  # noqa: S704 - our own address
    text = one_line(str(value), LONGEST_VALUE)
    if not _MEANING.search(text):
        return Markup(text)  # noqa: S704 - nothing in it means anything
    text = text.translate(_TWINS)
    text = _ADDRESS.sub(lambda found: _apart(found[0]), text)
    return Markup(_BEGINNING.sub(lambda found: _wide(found[0]), text))  # noqa: S704


def html(value: Any) -> Markup:
    """Text and nothing but text, also inside an attribute."""
    return escape(value if isinstance(value, Url) else one_line(str(value), LONGEST_VALUE))


ESCAPES: Mapping[str, Callable[[Any], Markup]] = {
    "plain": plain,
    "markdown": markdown,
    "html": html,
    "short": plain,
}
"""By form."""


def _apart(text: str) -> str:
    return text.replace(":", "：").replace(".", "．")


def _wide(text: str) -> str:
    return text.translate(str.maketrans("-+=:.)", "－＋＝：．）"))
