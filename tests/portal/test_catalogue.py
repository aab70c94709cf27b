"""Two languages: every Chinese sentence of the pages has its English."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from portal.templating import HERE, catalogue

HAN = re.compile(r"[\u4e00-\u9fff]")
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "say": (2,), "trans": None}


def _sentences() -> dict[str, str]:
    found = extract_from_dir(str(HERE), METHODS, keywords=KEYWORDS)
    return {
        message: f"{file}:{line}"
        for file, line, message, _, _ in found
        if isinstance(message, str) and HAN.search(message)
    }


def test_every_sentence_of_the_pages_has_its_english() -> None:
    english = catalogue("en").sentences
    missing = {text: where for text, where in _sentences().items() if text not in english}
    assert not missing, "\n".join(f"{where}: {text}" for text, where in missing.items())


def test_no_english_sentence_has_lost_a_placeholder() -> None:
    holder = re.compile(r"%\((\w+)\)")
    wrong = [
        zh
        for zh, en in catalogue("en").sentences.items()
        if sorted(holder.findall(zh)) != sorted(holder.findall(en))
    ]
    assert not wrong


@pytest.mark.parametrize("file", sorted((HERE / "templates").rglob("*.html")), ids=lambda f: f.stem)
def test_templates_say_nothing_in_chinese_outside_of_the_catalogue(file: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.S)
    text = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}", "", text, flags=re.S)
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.S).splitlines()
    allowed = {"督", "中文"}
    assert not [line for line in bare if HAN.search(line) and not allowed & set(HAN.findall(line))]


def test_a_sentence_reads_the_same_on_every_page() -> None:
    said: dict[str, set[str]] = {}
    for file in sorted((HERE / "locale" / "en").glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened):
                if message.id and message.string:
                    said.setdefault(str(message.id), set()).add(str(message.string))
    assert {zh: en for zh, en in said.items() if len(en) > 1} == {}
