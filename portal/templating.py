"""Pages: Jinja templates that speak Chinese, with catalogues for the other languages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from babel.support import NullTranslations
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from models.words import Words
from portal.delay import delayed_since
from portal.house import at, house
from portal.nav import nav
from portal.rounds import cases_aside
from portal.seeing import asking, tie, tied, wished
from rules.permission import Viewer
from rules.spoken import moment

HERE = Path(__file__).parent
_FLASH = "duban-flash"


class Catalogue(NullTranslations):
    """The sentences of one language, merged from all catalogues in its folder."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__()
        self.sentences = sentences

    def gettext(self, message: str) -> str:
        """The sentence in this language; Chinese where it is missing."""
        return self.sentences.get(message, message)

    ugettext = gettext


@cache
def catalogue(lang: str) -> Catalogue:
    """The catalogue of a language."""
    sentences: dict[str, str] = {}
    for file in sorted((HERE / "locale" / lang).glob("*.po")):
        with file.open("rb") as opened:
            sentences |= {str(m.id): str(m.string) for m in read_po(opened) if m.id and m.string}
    return Catalogue(sentences)


@cache
def environment(lang: str) -> Environment:
    """The templates in a language."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(words=_words, when=_when, exact=_exact, day=_day)
    return env


@cache
def version() -> str:
    """Changes when a static file does, so that browsers may keep them for ever."""
    whole = sha256()
    for file in sorted((HERE / "static").rglob("*.*")):
        whole.update(file.read_bytes())
    return whole.hexdigest()[:10]


def say(request: Request, text: str, **values: object) -> str:
    """A sentence in the reader's language, by its Chinese."""
    found = catalogue(asking(request).lang).gettext(text)
    return found % values if values else found


def render(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """The page, in the language of whoever asks."""
    asked = tied(request)
    text = (
        environment(asked.lang)
        .get_template(template)
        .render(**_common(request, asked.lang, asked.csrf, asked.viewer), **context)
    )
    response = HTMLResponse(text, status)
    tie(request, response)
    if request.cookies.get(_FLASH):
        response.delete_cookie(_FLASH, path="/")
    return response


def alone(request: Request, template: str, status: int, /, **context: Any) -> HTMLResponse:
    """A page that asks nothing of the ledger, for when that is away: to nobody in particular."""
    lang = wished(request)
    text = environment(lang).get_template(template).render(
        request=request, lang=lang, csrf="", viewer=None, city="", zone=UTC, at=at(request),
        path=request.url.path, nav=[], flash=[], version=version(), htmx=False,
        delayed_since=None, **context,
    )  # fmt: skip
    return HTMLResponse(text, status)


def _common(request: Request, lang: str, csrf: str, viewer: Viewer | None) -> dict[str, Any]:
    reference = house(request).reference()
    return {
        "request": request,
        "lang": lang,
        "csrf": csrf,
        "viewer": viewer,
        "city": reference.city,
        "zone": reference.zone,
        "at": at(request),
        "path": request.url.path,
        "nav": _nav(request, viewer, lang) if viewer else [],
        "flash": flashed(request),
        "version": version(),
        "htmx": request.headers.get("hx-request") == "true",
        "delayed_since": delayed_since(request) if viewer else None,
    }


def _nav(request: Request, viewer: Viewer, lang: str) -> list[dict[str, object]]:
    badges = {"/running": cases_aside(house(request).ledger, viewer)}
    return nav(viewer, request.url.path, lang, badges)


# -- the line that says what has just been done -------------------------------------------------


def flash(response: HTMLResponse | Any, words: Words, kind: str = "done") -> None:
    """Say this on the next page. Kinds: done, refused."""
    text = f"{kind}\n{words.zh}\n{words.en}"
    response.set_cookie(
        _FLASH, text.encode().hex()[:3500], max_age=60, path="/", httponly=True, samesite="lax"
    )


def flashed(request: Request) -> list[tuple[str, str]]:
    """What the page before wanted said."""
    try:
        text = bytes.fromhex(request.cookies.get(_FLASH, "")).decode(errors="ignore")
        kind, zh, en = text.split("\n")
    except ValueError:
        return []
    return [
        (
            kind if kind in ("done", "refused") else "done",
            Words(zh, en).within(asking(request).lang),
        )
    ]


# -- filters -----------------------------------------------------------------------------------


@pass_context
def _words(context: Context, value: Any) -> str:
    """Words, or a value that carries them, in the reader's language."""
    words = value if isinstance(value, Words) else getattr(value, "words", None)
    if words is None:
        return "" if value is None else str(value)
    return str(words.within(context["lang"]))


@pass_context
def _when(context: Context, value: datetime | None) -> str:
    """An instant as people say it: 今天18:00."""
    if value is None:
        return "—"
    return moment(value, context["at"], context["zone"]).within(context["lang"])


@pass_context
def _exact(context: Context, value: datetime | None) -> str:
    """An instant in full, in the city's zone."""
    return value.astimezone(context["zone"]).isoformat(timespec="seconds") if value else ""


@pass_context
def _day(context: Context, value: datetime | None) -> str:
    return value.astimezone(context["zone"]).strftime("%Y-%m-%d") if value else ""
