"""类别目录: the categories as a phone searches them, by name, keyword and the letters of pinyin."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pypinyin import lazy_pinyin

from models.category import Category

Entry = tuple[str, str, str, str]
"""Code, name, limit and keywords of a category."""


def directory(categories: Mapping[str, Category], often: Sequence[str]) -> tuple[bytes, str]:
    """All categories as a JSON document and its ETag; those met `often` stand first.

    Each has `sound`, its name in pinyin, and `initials`, the first letter of each syllable.
    """
    entries = tuple((c.code, c.minor, c.limit, c.keywords) for c in categories.values())
    known = _spelt(entries)
    order = dict.fromkeys([code for code in often if code in known]) | dict.fromkeys(known)
    text = json.dumps([known[code] for code in order], ensure_ascii=False, separators=(",", ":"))
    body = text.encode()
    return body, f'"{sha256(body).hexdigest()[:20]}"'


@lru_cache(maxsize=2)
def _spelt(entries: tuple[Entry, ...]) -> dict[str, dict[str, Any]]:
    return {code: _entry(code, name, limit, words) for code, name, limit, words in entries}


def _entry(code: str, name: str, limit: str, words: str) -> dict[str, Any]:
    sounds = lazy_pinyin("".join(char for char in name if char.isalnum()))
    return {
        "code": code,
        "name": name,
        "limit": limit,
        "words": words.split("|") if words else [],
        "sound": "".join(sounds).lower(),
        "initials": "".join(sound[0] for sound in sounds).lower(),
    }
