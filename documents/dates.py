"""Dates as people write them in ledgers and circulars."""

import re
from datetime import date, timedelta
from functools import lru_cache

from documents.text import flat
from models.words import Trouble

_CN_DIGITS = str.maketrans("〇零○O一二三四五六七八九", "0000123456789")
_CN_DATE = re.compile(
    r"(?:([〇零○O一二三四五六七八九]{4})年)?"
    r"([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
)
_FULL = re.compile(r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20|21)\d{2})(\d{2})(\d{2})(?!\d)")
_PART = re.compile(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20|21)\d{2})(?=\s*[年\-./]|\s*$|\D)")
_SERIAL = re.compile(r"\d{1,5}(?:\.\d+)?")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 2000, 2099


class DateTrouble(Trouble):
    """A date that cannot be read or cannot be meant."""


@lru_cache(maxsize=4096)
def read_date(text: str, year: int | None = None) -> date | None:
    """The day a date cell names; None when it is blank or names no year and none is known.

    `year` completes "9月1日". Excel serials count days from 1899-12-30.
    Raises DateTrouble for text that is no date and for years outside 2000-2099.
    """
    plain = _arabic(flat(text))
    if not plain or plain in "-/—":
        return None
    if match := _FULL.match(plain) or _COMPACT.match(plain):
        return _day(text, *match.groups())
    if match := _PART.match(plain):
        return _day(text, str(year), *match.groups()) if year else None
    if _SERIAL.fullmatch(plain):
        return _plausible(text, _EXCEL_DAY_ZERO + timedelta(days=int(float(plain))))
    raise _unreadable(text)


def find_date(text: str, year: int | None = None) -> date | None:
    """The first full day mentioned anywhere in a text, or None; never raises."""
    plain = _arabic(flat(text))
    match = _FULL.search(plain) or _COMPACT.search(plain)
    groups = match.groups() if match else None
    if groups is None and year and (part := _PART.search(plain)):
        groups = (str(year), *part.groups())
    try:
        return _day(text, *groups) if groups else None
    except DateTrouble:
        return None


@lru_cache(maxsize=4096)
def find_year(text: str) -> int | None:
    """The first year mentioned in a text ("2021年", "2013-05督查"), or None."""
    match = _YEAR.search(_arabic(flat(text)))
    year = int(match[1]) if match else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _arabic(text: str) -> str:
    """Chinese numerals of dates in Arabic digits: 二〇二六年九月一日 → 2026年9月1日."""
    if "月" not in text:
        return text

    def digits(match: re.Match[str]) -> str:
        head = f"{match[1].translate(_CN_DIGITS)}年" if match[1] else ""
        return f"{head}{_number(match[2])}月{_number(match[3])}日"

    return _CN_DATE.sub(digits, text)


def _number(text: str) -> int:
    """二十一 → 21; good below one hundred."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int(text.translate(_CN_DIGITS))
    return int(tens.translate(_CN_DIGITS) or 1) * 10 + int(ones.translate(_CN_DIGITS) or 0)


def _day(text: str, year: str, month: str, day: str) -> date:
    try:
        return _plausible(text, date(int(year), int(month), int(day)))
    except ValueError:
        raise _unreadable(text) from None


def _plausible(text: str, day: date) -> date:
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return day
    raise DateTrouble(
        f"日期“{text[:30]}”是{day.year}年，不在{FIRST_YEAR}至{LAST_YEAR}年之间，请核对",
        f'The date "{text[:30]}" is in {day.year}, outside {FIRST_YEAR}-{LAST_YEAR}; '
        "please check it",
    )


def _unreadable(text: str) -> DateTrouble:
    return DateTrouble(
        f"日期“{text[:30]}”无法识别，请写成 2026-09-01 或 2026年9月1日",
        f'The date "{text[:30]}" cannot be read; write 2026-09-01 or 2026年9月1日',
    )
