"""消息模板: the forms of a message, made from files that an office may replace by its own.

A message has four forms, each from its own template, `<name>.<form>.j2` in the folder of the
language: plain text, Markdown as DingTalk, WeCom and Feishu share it, HTML for mail, and a text
message of 70 characters. Templates are given a `Wording` and nothing else; what they print of it
is escaped by the form, whatever they do. They run in Jinja's sandbox, and what they print is
bounded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from jinja2 import (
    BaseLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from notices import escaping
from notices.message import one_line
from notices.shelf import SHIPPED, Shelf, UnreadableError
from notices.wording import Entry, Line, Reply, Section, Wording

FORMS = ("plain", "markdown", "html", "short")
SHORT = 70
"""Characters of a text message: a longer one costs two, or is refused."""
MARKDOWN = 3600
"""Bytes of Markdown that every robot takes; WeCom's takes 4,096, with the subject above it."""

_SIZES: Mapping[str, Callable[[str], int]] = {"markdown": lambda text: len(text.encode())}
_LONGEST = {"plain": 60_000, "markdown": MARKDOWN, "html": 400_000, "short": SHORT}
# These would let a template print something unescaped, or as HTML where it is none.
_NO_FILTERS = ("safe", "e", "escape", "forceescape", "urlize", "xmlattr", "tojson", "pprint")
_NO_GLOBALS = ("lipsum", "cycler", "joiner", "dict")

W = TypeVar("W", bound=Wording)
Fewer = Callable[[int], W]


class TooLongError(Exception):
    """A template printed more than its form may hold."""

    def __init__(self, size: int, most: int, unit: str) -> None:
        super().__init__(f"长 {size} {unit}，最多 {most}")


@dataclass(frozen=True, slots=True)
class Filled:
    """The forms of one message by name; one that failed is missing and told of in `trouble`."""

    texts: Mapping[str, str] = field(repr=False)
    trouble: str = ""


class Forms:
    """The templates of one house: its own in `folder`, behind them those that Duban brings."""

    def __init__(
        self,
        folder: Path | None = None,
        wanted: Sequence[str] = FORMS,
        kept: "dict[tuple[str, ...], Template | None] | None" = None,
    ) -> None:
        self.folder, self.wanted, self._kept = folder, wanted, kept
        self.roots = tuple(root for root in (folder, SHIPPED) if root is not None)

    def only(self, form: str) -> "Forms":
        """The same templates, for plain text and one form more ("": for plain text)."""
        return Forms(self.folder, [each for each in FORMS if each in ("plain", form)], self._kept)

    def kept(self) -> "Forms":
        """The same, for many messages: files are looked at once, not for each of them."""
        return Forms(self.folder, self.wanted, {})

    def fill(self, wording: W, names: Sequence[str], fewer: "Fewer[W] | None" = None) -> Filled:
        """Make the wanted forms of `wording` from the first of the templates `names` there is.

        The plain one is left out where the office has none of its own: the house's own text says
        the same. What is too long for Markdown is made again with as many entries as fit, by
        `fewer(entries)`. Never raises for what is a template's fault.
        """
        texts, troubles = dict[str, str](), []
        for form in self.wanted:
            chosen = "、".join(names)
            try:
                if template := self._chosen(names, form, wording.lang):
                    chosen = str(template.name)
                    texts[form] = _print(template, form, wording, fewer)
            except Exception as error:
                troubles.append(said(f"{wording.lang}/{_name(error) or chosen}", error))
        return Filled(MappingProxyType(texts), "；".join(troubles))

    def _chosen(self, names: Sequence[str], form: str, lang: str) -> Template | None:
        if self._kept is None:
            return self._template(names, form, lang)
        key = (lang, form, *names)
        if key not in self._kept:
            self._kept[key] = self._template(names, form, lang)
        return self._kept[key]

    def _template(self, names: Sequence[str], form: str, lang: str) -> Template | None:
        if form == "plain" and not self._own(names, form, lang):
            return None
        return self.template(names, form, lang)

    def _own(self, names: Iterable[str], form: str, lang: str) -> bool:
        """Whether the office has one of these templates, in this language or for all."""
        if self.folder is None:
            return False
        places = (self.folder / lang, self.folder)
        return any((place / f"{name}.{form}.j2").is_file() for name in names for place in places)

    def template(self, names: Iterable[str], form: str, lang: str) -> Template:
        """The first of these templates there is. Raises what Jinja raises."""
        environment = _environment(self.roots, form, lang)
        return environment.select_template([f"{name}.{form}.j2" for name in names])


def _name(error: Exception) -> str:
    """Which template could not even be read."""
    return error.name or "" if isinstance(error, (TemplateSyntaxError, UnreadableError)) else ""


def said(name: str, error: Exception) -> str:
    """What went wrong with a template, for whoever edits it."""
    line = getattr(error, "lineno", None)
    where = f"第 {line} 行，" if line else ""
    missing = f"没有模板 {error.name}" if isinstance(error, TemplateNotFound) else ""
    text = str(error).replace("notices.wording.", "") or type(error).__name__
    why = missing or one_line(text, 160)
    return f"模板 {name} 出错，已改用纯文本：{where}{why}"


@lru_cache(maxsize=16)
def forms_in(folder: Path | None) -> Forms:
    """The templates of the house whose own lie in `folder`, kept compiled."""
    return Forms(folder)


# -- printing ----------------------------------------------------------------------------------


def _print(template: Template, form: str, wording: W, fewer: "Fewer[W] | None") -> str:
    try:
        return render(template, form, wording)
    except TooLongError:
        if fewer is None or form != "markdown":
            raise
    fits = lambda count: _fits(template, form, fewer(count))  # noqa: E731
    return render(template, form, fewer(_most(fits)))


def render(template: Template, form: str, wording: Wording) -> str:
    """What a template prints. Raises TooLongError, and whatever is wrong in the template."""
    pieces, size, most = list[str](), 0, _LONGEST[form]
    measure = _SIZES.get(form, len)
    for piece in template.generate(**wording.values()):
        size += measure(piece)
        if size > most + 1000:  # it is not printed to its end, which may never come
            raise TooLongError(size, most, _UNIT.get(form, "字"))
        pieces.append(piece)
    text = "".join(pieces).strip()
    if measure(text) > most:
        raise TooLongError(measure(text), most, _UNIT.get(form, "字"))
    return text


_UNIT = {"markdown": "字节"}


def _fits(template: Template, form: str, wording: Wording) -> bool:
    try:
        return bool(render(template, form, wording))
    except TooLongError:
        return False


def _most(fits: Callable[[int], bool]) -> int:
    """The largest count that fits, if counts that fit lie below those that do not."""
    low, high = 0, 128
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


# -- Jinja -------------------------------------------------------------------------------------


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's, that has not to find out anew what may be asked of the facts of a message."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What a template says with a dot."""
        if attribute in _SAID.get(type(obj), ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


_SAID: dict[type, frozenset[str]] = {
    kind: frozenset(each.name for each in fields(kind)) for kind in (Line, Reply, Section)
}
_SAID[Entry] = frozenset(each.name for each in fields(Entry)) | {"said"}


@cache
def _environment(roots: tuple[Path, ...], form: str, lang: str) -> _Sandbox:
    escape = escaping.ESCAPES[form]

    def finalize(value: Any) -> Markup:
        return value if isinstance(value, Markup) else escape(value)

    loader: BaseLoader = Shelf(roots, lang, form)
    made = _Sandbox(
        loader=loader, autoescape=True, finalize=finalize, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, cache_size=100,
    )  # fmt: skip
    for name in _NO_FILTERS:
        made.filters.pop(name, None)
    for name in _NO_GLOBALS:
        made.globals.pop(name, None)
    made.filters.update(cut=cut, fit=fit)
    return made


def cut(text: str, length: int) -> str:
    """`text` in at most `length` characters."""
    return one_line(text, length)


def fit(parts: Iterable[str], length: int = SHORT) -> str:
    """As many of the parts, the important first, as stand together in `length` characters."""
    whole = ""
    for part in parts:
        if len(whole) + len(part) <= length:
            whole += part
    return whole
