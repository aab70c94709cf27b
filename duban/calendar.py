"""`duban deadline`: reckoning with the city's calendar, or the shipped one before `duban init`."""

from zoneinfo import ZoneInfo

from duban.letter import deadline_letter
from duban.session import instant
from duban.settings import Settings
from ledger.database import DatabaseTrouble, connect
from ledger.loading import shipped_book
from ledger.reference import read
from rules.agenda import Book
from rules.limits import Deadline, parse


def reckon(settings: Settings, limit: str, start: str) -> tuple[Deadline, ZoneInfo, str]:
    """The deadline, the city's zone, and the letter that explains it."""
    book = _book(settings)
    begin = instant(start, book.worktime.zone)
    deadline = book.deadline(parse(limit, book.policy.bare), begin)
    return deadline, book.worktime.zone, deadline_letter(deadline, book.worktime, settings.lang)


def _book(settings: Settings) -> Book:
    try:
        ledger = connect(settings.database())
    except DatabaseTrouble:
        return shipped_book()
    with ledger.transaction() as connection:
        return read(connection).book
