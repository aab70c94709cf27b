"""表单: the fields of a verb as a form asks for them, printed from `portal.acting.ACTIONS`."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ledger.file import File
from ledger.reference import Reference, fold
from models.category import Role
from models.verb import Verb
from models.words import Words
from portal.acting import ACTIONS, Field, Kind

Values = Mapping[str, Sequence[str]]
Options = list[tuple[str, Any]]

LIMITS = ("4 工作时", "1 工作日", "2 工作日", "3 工作日", "5 工作日", "7 工作日", "15 工作日")
"""Suggested; whatever else reads as a limit may be written."""

_SHOWN = {
    Kind.TEXT: "textarea", Kind.LINE: "text", Kind.UNITS: "textarea", Kind.UNIT: "text",
    Kind.PARTS: "checks", Kind.PART: "radio", Kind.PERSON: "text", Kind.CATEGORY: "text",
    Kind.LIMIT: "text", Kind.DATE: "date", Kind.CASE: "text", Kind.LINES: "textarea",
    Kind.CHOICE: "radio", Kind.CHECK: "checkbox", Kind.PHOTOS: "photos",
}  # fmt: skip
_MANY = {Kind.PARTS}
_UNITS_HINT = Words(
    "每行一个单位，写全称或简称，第一个牵头",
    "one unit a line, by name or short name; the first leads",
)
_LINES_HINT = Words("每行一个", "one a line")


def fields(verb: Verb, file: File, values: Values) -> list[dict[str, object]]:
    """The fields of a verb for this case, filled in with what has been written so far."""
    shown = (_field(field, _options(field, verb, file), values) for field in ACTIONS[verb].fields)
    return [field for field in shown if field is not None]


def _field(field: Field, options: Options, values: Values) -> dict[str, object] | None:
    if field.kind is Kind.PART and len(options) < 2:
        # Only one unit of theirs: nothing to choose.
        return None
    given = list(values.get(field.name, ()))
    if field.kind is Kind.PART and not given:
        given = [options[0][0]]
    return {
        "name": field.name,
        "label": field.label,
        "kind": _SHOWN[field.kind],
        "what": field.kind.value,
        "required": field.required,
        "hint": field.hint or _hint(field.kind),
        "options": options,
        "value": given if field.kind in _MANY else next(iter(given), ""),
        "suggest": _SUGGESTED.get(field.kind, ""),
    }


def _hint(kind: Kind) -> Words | None:
    return {Kind.UNITS: _UNITS_HINT, Kind.LINES: _LINES_HINT}.get(kind)


def _options(field: Field, verb: Verb, file: File) -> Options:
    if field.options:
        return list(field.options)
    if field.kind is Kind.PARTS:
        parts = (part for part in file.thread.parts if part.ended_at is None)
        return [(part.name, part.name) for part in parts]
    if field.kind is Kind.PART:
        return [(name, name) for name in own_units(verb, file)]
    return []


def own_units(verb: Verb, file: File) -> list[str]:
    """The viewer's units that can do this: a part is reported done by who assists, once."""
    if verb is not Verb.CONFIRM_PART:
        return [part.name for part in file.own_parts]
    mine = {part.unit_id for part in file.own_parts}
    return [
        part.name
        for part in file.thread.parts
        if part.unit_id in mine and part.ended_at is None
        and part.role is not Role.LEAD and part.confirmed_at is None
    ]  # fmt: skip


# -- what is suggested while one types ---------------------------------------------------------

_SUGGESTED = {
    Kind.UNITS: "units", Kind.UNIT: "units", Kind.PERSON: "people", Kind.CATEGORY: "categories",
    Kind.LIMIT: "limits",
}  # fmt: skip


def suggestions(verb: Verb, file: File) -> dict[str, Options]:
    """The lists that fields of this verb suggest from, by name: value and what stands beside."""
    kinds = {field.kind for field in ACTIONS[verb].fields}
    names = {_SUGGESTED[kind] for kind in kinds if kind in _SUGGESTED}
    return {name: _LISTS[name](file) for name in sorted(names)}


def _units(file: File) -> Options:
    reference = file.thread.reference
    others: defaultdict[int, list[str]] = defaultdict(list)
    for name, unit_id in reference.unit_names.items():
        others[unit_id].append(name)
    return [
        (unit.name, " ".join(name for name in others[unit.id] if name != fold(unit.name)))
        for unit in reference.directory.units.values()
    ]


def _categories(file: File) -> Options:
    known = file.thread.reference.categories.values()
    times = Counter(category.minor for category in known)
    return [
        (c.minor if times[c.minor] == 1 else c.code, f"{c.code} {c.major} {c.minor}") for c in known
    ]


def _people(file: File) -> Options:
    """The people of the viewer's units in the case, and of those above, who may be its leaders."""
    directory = file.thread.reference.directory
    lines = [directory.line(part.unit_id) for part in file.own_parts]
    own = [(unit.id, unit.name) for line in lines for unit in line]
    found: dict[int, str] = {}
    for unit_id, unit in own:
        for person in _of_unit(file.thread.reference, unit_id, own[0][0]):
            found.setdefault(person, unit)
    times = Counter(directory.people[person] for person in found)
    codes = {person: code for code, person in directory.codes.items()}
    return [
        (name if times[name] == 1 else codes.get(person, name), f"{name} {unit}")
        for person, unit in found.items()
        for name in [directory.people[person]]
    ]


def _of_unit(reference: Reference, unit_id: int, first: int) -> Iterable[int]:
    """Everybody below the unit itself; of those above it only who has a duty there."""
    directory = reference.directory
    if unit_id == first:
        return directory.members(unit_id)
    held = (people for (unit, _), people in directory.duties.items() if unit == unit_id)
    return [person for people in held for person in people if person in directory.people]


_LISTS: Mapping[str, Callable[[File], Options]] = {
    "units": _units,
    "people": _people,
    "categories": _categories,
    "limits": lambda _: [(limit, "") for limit in LIMITS],
}
