"""上报: findings and pictures that programs hand in."""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Header, Request
from pydantic import Field, model_validator
from starlette.datastructures import UploadFile
from starlette.responses import Response

from documents.pictures import clean_name
from ledger import photos
from ledger.hand_in import area_for, areas_to_choose, hand_in
from ledger.once import Claim
from ledger.tokens import Scope
from models.account import AccountRole
from models.finding import Draft, FindingOutcome
from models.words import Trouble
from portal.api import shapes
from portal.api.admission import Admitted, may
from portal.api.keys import NeededKey, answered, digest
from portal.api.shapes import Day, Id, Strict, said, text
from portal.house import At, House, InHouse
from portal.seeing import Seer, having
from portal.uploading import take
from rules.acceptance import LONGEST_PLACE, LONGEST_PROBLEM
from rules.permission import Viewer

router = APIRouter(route_class=Admitted, tags=["findings"])


class FindingIn(Strict):
    """One finding. Without `area` it is the one the place names; without `category` the words say.

    `units` (the first leads) and `limit` are what the paper says; without them the routes and
    the standard of the category decide.
    """

    place: Annotated[str, text(LONGEST_PLACE, 1)]
    problem: Annotated[str, text(LONGEST_PROBLEM, 1)]
    category: Annotated[str, text(120)] = Field("", description="a code or a name")
    area: Annotated[str, text(120)] = Field("", description="an area's name")
    units: Annotated[list[Annotated[str, text(120, 1)]], Field(max_length=20, default_factory=list)]
    limit: Annotated[str, text(120)] = Field("", description="as in `3 工作日`")
    severity: Annotated[str, text(120)] = ""
    found_on: Day | None = None
    fixed_on_spot: bool = False
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="WGS 84")
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    joins: Annotated[str, text(32)] = Field("", description="the open case that it is the same as")
    photos: Annotated[list[Id], Field(max_length=30, default_factory=list)]

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together")
        return self

    def draft(self, area: str) -> Draft:
        """The finding as intake reads it."""
        told = self.model_dump(exclude={"area", "units", "photos"})
        return Draft("1", area=area, units=tuple(self.units), photos=tuple(self.photos), **told)


Inspector = Annotated[Viewer, Depends(having(AccountRole.INSPECTOR))]


@router.post("/findings", response_model=shapes.Taken, **may(Scope.FINDINGS_WRITE))
def finding(house: InHouse, viewer: Inspector, at: At, body: FindingIn, key: NeededKey) -> Response:
    """Hand in a finding: it is filed, joins a case that is open already, or is refused (422)."""
    asked = digest("finding", body.model_dump_json())

    def do(_: Claim | None = None) -> shapes.Taken:
        areas = areas_to_choose(house.ledger, viewer, house.reference())
        draft = body.draft(area_for(areas, body.area, body.place))
        # Intake itself takes one key once: done again after a crash it answers the same.
        answer = hand_in(house.ledger, viewer, draft, digest("api", key, asked), at)
        if answer.outcome is FindingOutcome.REJECTED:
            raise Trouble(*answer.reason)
        return shapes.Taken(outcome=answer.outcome, case=answer.case, reason=said(answer.reason))

    return answered(house, viewer, key, asked, at, do, do)


# -- pictures ----------------------------------------------------------------------------------

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/jpeg": _BYTES,
            "image/png": _BYTES,
            "image/webp": _BYTES,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it came."""

    data: bytes
    name: str


async def _sent(request: Request) -> Sent:
    """The picture: the body itself, or the file of a form. Read here, for reading waits."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return Sent(await request.body(), "")
    async with request.form(max_files=1, max_fields=3) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Trouble(
                "没有收到照片。请把它放在名为 file 的一项里。",
                "No picture came. Send it as the part named file.",
            )
        return Sent(await file.read(), file.filename or "")


_UPLOADS = may(Scope.FINDINGS_WRITE, Scope.CASES_WRITE)
_UPLOADS["openapi_extra"] = _UPLOADS["openapi_extra"] | _PICTURE


@router.post("/photos", **_UPLOADS)
def photo(
    house: InHouse,
    viewer: Seer,
    at: At,
    sent: Annotated[Sent, Depends(_sent)],
    name: Annotated[str | None, text(120), Header(alias="X-File-Name")] = None,
) -> shapes.Uploaded:
    """Upload a picture, at most 15 MB; it waits to be handed in with a finding or a verb."""
    picture = take(house, viewer, sent.data, clean_name(sent.name or name or ""), at)
    return _uploaded(house, picture)


def _uploaded(house: House, picture: int) -> shapes.Uploaded:
    with house.ledger.snapshot() as connection:
        row = photos.one(connection, picture)
    return shapes.shaped(shapes.Uploaded, row, house.zone)
