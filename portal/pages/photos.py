"""照片: uploaded one by one, shown only to whoever may see their case.

Nothing here tells a picture that is not there from one that is somebody else's.
"""

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from starlette.responses import JSONResponse, Response

from documents.pictures import MAX_BYTES, clean_name
from documents.store import thumb_of
from ledger import photos
from ledger.scope import Missing
from models.words import Trouble
from portal.house import At, House, InHouse
from portal.seeing import Seer, asking
from portal.uploading import take_again
from rules.permission import Viewer

router = APIRouter()

_LARGEST_ID = 2**31 - 1
"""What the column of ids holds; a larger one is nobody's."""


@router.post("/photos")
def upload(
    request: Request,
    house: InHouse,
    at: At,
    seer: Seer,
    photo: Annotated[UploadFile, File()],
) -> Response:
    """Keep one picture, which only its uploader sees until it is handed in; answers its id.

    The same file under the same name, sent again because the connection broke, is the same one.
    """
    name = clean_name(photo.filename or "")
    try:
        kept = take_again(house, seer, photo.file.read(MAX_BYTES + 1), name, at)
    except Trouble as trouble:
        return JSONResponse({"reason": trouble.words.within(asking(request).lang)}, 422)
    return JSONResponse({"id": kept, "url": f"/photos/{kept}.jpg"})


@router.post("/photos/{photo_id:int}/drop")
def drop(house: InHouse, seer: Seer, photo_id: int) -> Response:
    """Take back a picture that was uploaded but not handed in yet."""
    with house.ledger.transaction() as connection:
        if photos.seen_by(connection, seer, _known(photo_id)).case_id is not None:
            raise _MISSING
        for path in photos.forget(connection, [photo_id], seer.person_id):
            house.store.delete(path)
    return Response(status_code=204)


@router.get("/photos/{photo_id:int}.jpg")
def picture(request: Request, house: InHouse, seer: Seer, photo_id: int) -> Response:
    """A picture, as it is kept."""
    return _file(request, house, seer, photo_id, small=False)


@router.get("/photos/{photo_id:int}/thumb.jpg")
def thumb(request: Request, house: InHouse, seer: Seer, photo_id: int) -> Response:
    """A small copy of a picture, for lists."""
    return _file(request, house, seer, photo_id, small=True)


def _file(request: Request, house: House, seer: Viewer, photo_id: int, *, small: bool) -> Response:
    with house.ledger.snapshot() as connection:
        row = photos.seen_by(connection, seer, _known(photo_id))
    # A browser keeps it, but asks each time whether it may still be shown.
    tag = f'"{row.digest[:20]}{"-s" if small else ""}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    data = house.store.get(thumb_of(row.path) if small else row.path)
    return Response(data, media_type="image/jpeg", headers=headers)


def _known(photo_id: int) -> int:
    if photo_id > _LARGEST_ID:
        raise _MISSING
    return photo_id


_MISSING = Missing(
    "没有这张照片，或不在您的范围内。请从案件页面进入。",
    "There is no such picture, or not within your scope. Come by the page of its case.",
)
