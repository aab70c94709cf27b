"""模板文件: where templates lie, and which files count as templates."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound

SHIPPED = Path(__file__).parent / "templates"
LANGS = ("zh", "en")
LARGEST = 64 * 1024
"""Bytes of one template."""

NAME = re.compile(r"(?P<name>[a-z][a-z_]{0,39})\.(?P<form>[a-z]{1,10})\.j2")


class UnreadableError(Exception):
    """A template file that is none: too large, not UTF-8, or not inside its folder."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class Shelf(BaseLoader):
    """Templates of one language and one form: those of the first folder hide the later ones.

    What belongs to every language lies in the folder itself.
    """

    def __init__(self, roots: tuple[Path, ...], lang: str, form: str) -> None:
        self.folders = [(root, place) for root in roots for place in (root / lang, root)]
        self.form = form

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """What Jinja asks for. Raises TemplateNotFound, UnreadableError."""
        match = NAME.fullmatch(template)
        if match is None or match["form"] != self.form:
            raise TemplateNotFound(template)
        for root, folder in self.folders:
            file = folder / template
            if file.is_file():
                stamp = _stamp(file)
                return _text(root, file), template, partial(self._fresh, template, file, stamp)
        raise TemplateNotFound(template)

    def _fresh(self, template: str, file: Path, stamp: "Stamp") -> bool:
        """Whether the file is as it was, and still the first of its name."""
        found = (place / template for _, place in self.folders)
        return next((each for each in found if each.is_file()), None) == file and (
            _stamp(file) == stamp
        )


Stamp = tuple[int, int, int] | None


def _text(root: Path, file: Path) -> str:
    if not file.resolve().is_relative_to(root.resolve()):
        raise UnreadableError(file.name, "文件不在模板文件夹内（不跟随指向别处的链接）")
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableError(file.name, f"文件太大，最多 {LARGEST // 1024} KB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(file.name, "文件不是 UTF-8 编码") from None


def _stamp(file: Path) -> Stamp:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def files_in(folder: Path) -> list[tuple[str, Path]]:
    """The files of a house's own templates with their language, "" for what is of all."""
    places = [(lang, folder / lang) for lang in LANGS] + [("", folder)]
    return [
        (lang, file)
        for lang, place in places
        if place.is_dir()
        for file in sorted(place.iterdir())
        if not file.is_dir() and not file.name.startswith(".")
    ]
