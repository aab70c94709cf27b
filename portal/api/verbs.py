"""办理: one operation for each verb of the table that the pages print their forms from."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import Field, create_model
from starlette.responses import Response

from ledger import excerpts
from ledger.once import Claim
from ledger.tokens import Scope
from models.verb import Verb
from models.words import Words
from portal import acting
from portal.acting import ACTIONS, LONGEST_TEXT, Action, Kind, carry_out
from portal.api import shapes
from portal.api.admission import Admitted, may
from portal.api.cases import Number
from portal.api.keys import Key, answered, digest
from portal.api.problems import TurnedDown
from portal.api.shapes import MOST_ID, Day, Id, Strict, text
from portal.house import At, InHouse
from portal.seeing import Seer
from rules.lifecycle import Refused

router = APIRouter(route_class=Admitted, tags=["verbs"])

_LINE = Annotated[str, text(200)]
_LINES = Annotated[list[Annotated[str, text(LONGEST_TEXT, 1)]], Field(max_length=50)]
_NAMES = Annotated[list[Annotated[str, text(120, 1)]], Field(max_length=20)]
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: Annotated[str, text(LONGEST_TEXT)],
    Kind.LINE: _LINE,
    Kind.UNITS: _NAMES,
    Kind.UNIT: _LINE,
    Kind.PARTS: _NAMES,
    Kind.PART: _LINE,
    Kind.PERSON: _LINE,
    Kind.CATEGORY: _LINE,
    Kind.LIMIT: _LINE,
    Kind.DATE: Day,
    Kind.CASE: Annotated[str, text(32)],
    Kind.LINES: _LINES,
    Kind.CHOICE: _LINE,
    Kind.CHECK: bool,
    Kind.PHOTOS: Annotated[list[Id], Field(max_length=30)],
}
_VERSION = Field(
    ge=0, le=MOST_ID,
    description="`version` of the case you looked at: refused when it has been moved since",
)  # fmt: skip


def _shape(verb: Verb, action: Action) -> type[Strict]:
    """What the verb asks for, as a document."""
    fields: dict[str, Any] = {each.name: _typed(each) for each in action.fields}
    fields["version"] = (Annotated[int | None, _VERSION], None)
    name = "".join(part.capitalize() for part in verb.value.split("_"))
    return create_model(name, __base__=Strict, __doc__=_both(verb.words), **fields)


def _typed(each: acting.Field) -> tuple[Any, Any]:
    shown = f"{_both(each.label)}. {_both(each.hint)}" if each.hint else _both(each.label)
    kind = _TYPES[each.kind]
    if each.options:
        shown += "：" + ", ".join(f"{value} ({words.en})" for value, words in each.options)
        kind = Literal.__getitem__(tuple(value for value, _ in each.options))
    if each.required:
        return Annotated[kind, _filled(each, shown)], ...
    return Annotated[kind | None, Field(description=shown)], None


def _filled(each: acting.Field, shown: str) -> Any:
    """A field that must be there must say something."""
    if each.kind is Kind.DATE or each.options:
        return Field(description=shown)
    return Field(min_length=1, description=shown)


def _both(words: Words | None) -> str:
    return f"{words.zh} {words.en}" if words else ""


def _values(body: Strict) -> dict[str, list[str]]:
    """The document as a form would have sent it."""
    found = body.model_dump(exclude={"version"}, exclude_none=True)
    return {name: _form(value) for name, value in found.items()}


def _form(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    if isinstance(value, bool):
        return ["1"] if value else []
    return [value.isoformat() if isinstance(value, date) else str(value)]


def _operation(verb: Verb, action: Action) -> Callable[..., Response]:
    shape = _shape(verb, action)
    needed = any(field.required for field in action.fields)
    told = Annotated[shape, Body()] if needed else Annotated[shape | None, Body()]

    def operation(
        house: InHouse, viewer: Seer, at: At, number: Number, body: Any = None, key: Key = None
    ) -> Response:
        sent: Any = body or shape()

        def do(claim: Claim | None) -> shapes.Done:
            answer = carry_out(
                house.ledger, viewer, number, verb, _values(sent), at, house.zone, sent.version,
                claim.written if claim else None,
            )  # fmt: skip
            if isinstance(answer, Refused):
                raise TurnedDown(*answer.reason)
            return shapes.Done(number=number, verb=verb, status=answer.to)

        def recall() -> shapes.Done:
            line = excerpts.whole(house.ledger, viewer, number, at).line
            return shapes.Done(number=number, verb=verb, status=line.status)

        asked = digest(verb, number, sent.model_dump_json())
        return answered(house, viewer, key, asked, at, do, recall)

    operation.__annotations__["body"] = told
    operation.__defaults__ = (None,) if needed else (None, None)  # of the key; of the body too
    return operation


for _verb, _action in ACTIONS.items():
    router.add_api_route(
        f"/cases/{{number}}/{_verb.value}",
        _operation(_verb, _action),
        methods=["POST"],
        name=_verb.value,
        operation_id=_verb.value,
        summary=_both(_verb.words),
        description=_both(_action.then),
        response_model=shapes.Done,
        **may(Scope.CASES_WRITE),
    )
