"""案件: one case for everybody who may see it, and what they can do to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from duban.letters.limit import counted, reckoned, standing_clocks
from ledger.desk import matter
from ledger.file import File, open_file, seen_by
from ledger.reading import mark_read
from ledger.scope import Missing
from ledger.standing import Standing
from ledger.watching import NotYours
from models.photo import PhotoPurpose
from models.verb import Verb
from models.words import Trouble, Words
from portal import casefile
from portal.acting import ACTIONS, OVERTAKEN, Kind, carry_out
from portal.beforehand import known_refusal, said
from portal.fields import fields, own_units, suggestions
from portal.house import At, House, InHouse
from portal.nav import ITEMS, home
from portal.seeing import Seer, asking
from portal.templating import flash, render
from portal.uploading import MOST, Taken, take_all
from rules.countdown import countdown, step
from rules.lifecycle import Refused, move
from rules.permission import Viewer, may

router = APIRouter()

_ENGINES = {Verb.REMIND.value, Verb.ESCALATE.value, Verb.PROPOSE.value}
"""What the engine does by itself changes nothing that anybody decides."""


async def _form(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_form)]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request about one case: who asks, and the case as they may read it."""

    request: Request
    house: House
    viewer: Viewer
    file: File
    at: datetime

    @property
    def standing(self) -> Standing:
        """The case as it stands, never before what has been recorded of it."""
        return self.file.thread.as_of(max(self.at, self.file.thread.records[-1].at))

    @property
    def url(self) -> str:
        """The address of the case."""
        return f"/cases/{self.file.case.number}"

    @property
    def offered(self) -> list[Verb]:
        """What can be done now; a part that was reported done is not reported again."""
        verbs = self.file.offered
        if not own_units(Verb.CONFIRM_PART, self.file):
            verbs = [verb for verb in verbs if verb is not Verb.CONFIRM_PART]
        return verbs


def _asked(request: Request, house: House, viewer: Viewer, number: str, at: datetime) -> Asked:
    file = open_file(house.ledger, viewer, number, at, house.reference())
    return Asked(request, house, viewer, file, at)


# -- the page ----------------------------------------------------------------------------------


@router.get("/cases/{number}")
def case(request: Request, house: InHouse, viewer: Seer, at: At, number: str) -> Response:
    """One case. What was owed to the viewer about it counts as read."""
    asked = _asked(request, house, viewer, number, at)
    mark_read(house.ledger, asked.file.case.id, viewer.person_id, at)
    return _page(asked)


def _page(
    asked: Asked,
    status: int = 200,
    refused: Words | None = None,
    news: Iterable[Mapping[str, object]] = (),
) -> Response:
    file, at = asked.file, asked.at
    row, thread, s = file.case, file.thread, asked.standing
    main, more = casefile.front(asked.offered, row)
    before = casefile.pictures(file.shots, PhotoPurpose.FINDING)
    after = casefile.pictures(file.shots, PhotoPurpose.SUBMISSION)
    checked = casefile.pictures(file.shots, PhotoPurpose.VERIFICATION, PhotoPurpose.LOOK_BACK)
    return render(
        asked.request, "case/page.html", status, file=file, case=row, refused=refused,
        news=list(news), main=main, more=more, actions=ACTIONS,
        count=countdown(row, thread.book, at, thread.pauses), step=step(row, thread.book, at),
        steps=casefile.steps(row, at), category=thread.reference.categories.get(row.category_code),
        limit=thread.book.limit(row.limit).words if row.limit else None,
        before=before, after=after, checked=checked,
        units=casefile.units(file, at), former=casefile.former_units(file),
        next=next(iter(casefile.ahead(file, s)), None),
        course=casefile.course(file, asked.viewer, asking(asked.request).lang),
        escalations=casefile.escalations(file, s), money=casefile.money(file),
        unit_names={u.id: u.name for u in thread.reference.directory.units.values()},
    )  # fmt: skip


# -- why ---------------------------------------------------------------------------------------


@router.get("/cases/{number}/why")
def why(request: Request, house: InHouse, viewer: Seer, at: At, number: str) -> Response:
    """Why the limit ends when it does, and what happens next if nobody acts."""
    asked = _asked(request, house, viewer, number, at)
    s, thread = asked.standing, asked.file.thread
    zone = thread.reference.zone
    return render(
        request, "case/why.html", case=asked.file.case, stands=list(standing_clocks(s, zone)),
        reckoned=list(reckoned(s, zone)), spans=_days(s), ahead=casefile.ahead(asked.file, s),
        count=countdown(asked.file.case, thread.book, at, thread.pauses),
    )  # fmt: skip


def _days(s: Standing) -> list[dict[str, object]]:
    """What the limit that runs is made of."""
    return [
        {"start": piece.start, "end": piece.end, "kind": piece.kind, "name": piece.name,
         "counted": piece.counted, "passed": passed}
        for piece, passed in counted(s)
    ]  # fmt: skip


# -- one verb ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """What a form brought: its values, the pictures kept so far, and where to go afterwards."""

    values: Mapping[str, list[str]] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)
    onward: str = ""


@router.get("/cases/{number}/do/{name}")
def ask(request: Request, house: InHouse, viewer: Seer, at: At, number: str, name: str) -> Response:
    """The form of a verb, with what the rules say beforehand."""
    asked = _asked(request, house, viewer, number, at)
    verb = _verb(asked, name)
    if verb not in asked.offered:
        response = RedirectResponse(asked.url, 303)
        flash(response, _not_now(asked, verb), "refused")
        return response
    given = {key: request.query_params.getlist(key) for key in request.query_params}
    onward = _inside(request.query_params.get("next", ""))
    return _ask(asked, verb, Written(given, onward=onward))


@router.post("/cases/{number}/do/{name}")
def do(
    request: Request, house: InHouse, viewer: Seer, at: At, number: str, name: str, form: Sent
) -> Response:
    """Carry a verb out; then back to the case. What is refused is said, and nothing is lost."""
    asked = _asked(request, house, viewer, number, at)
    verb = _verb(asked, name)
    version, seen = _number(form, "version"), _number(form, "seen")
    version = _refreshed(asked.file, version, seen)
    if verb not in asked.offered and version in (None, asked.file.case.version):
        return _page(asked, 422, _not_now(asked, verb))
    written = _written(asked, verb, form)
    if version is not None and version != asked.file.case.version:
        return _overtaken(asked, verb, written, seen)
    if written.taken.refused:
        return _ask(asked, verb, written, 422)
    return _carried_out(asked, verb, written, version, seen)


def _carried_out(
    asked: Asked, verb: Verb, written: Written, version: int | None, seen: int | None
) -> Response:
    house, number = asked.house, asked.file.case.number
    try:
        answer = carry_out(
            house.ledger, asked.viewer, number, verb, written.values, asked.at, house.zone, version
        )
    except (Missing, NotYours):
        raise
    except Trouble as trouble:
        answer = Refused(trouble.words)
    if not isinstance(answer, Refused):
        return _done(asked, verb, written, answer.to.words)
    if answer.reason in (OVERTAKEN, matter.OVERTAKEN):
        again = _asked(asked.request, house, asked.viewer, number, asked.at)
        return _overtaken(again, verb, written, seen)
    return _refused(asked, verb, written, answer.reason)


def _done(asked: Asked, verb: Verb, written: Written, to: Words) -> Response:
    """Onwards: to where they came from, to the case, or home when it is theirs no longer."""
    viewer, number = asked.viewer, asked.file.case.number
    where = written.onward
    if not where:
        sees = seen_by(asked.house.ledger, viewer, number)
        where = asked.url if sees else home(viewer)
    response = RedirectResponse(where, 303)
    did = verb.words
    flash(
        response,
        Words(
            f"{number} {did.zh}：已办理，案件现为“{to.zh}”。",
            f"{number}: done ({did.en}). The case is now: {to.en}.",
        ),
    )
    return response


def _refused(asked: Asked, verb: Verb, written: Written, why_not: Words) -> Response:
    if ACTIONS[verb].fields:
        return _ask(asked, verb, written, 422, why_not)
    return _page(asked, 422, why_not)


def _overtaken(asked: Asked, verb: Verb, written: Written, seen: int | None) -> Response:
    """Somebody was faster: what happened meanwhile, and the case as it stands now."""
    records = len(asked.file.thread.records)
    news = list(casefile.news(asked.file, records - 1 if seen is None else seen))
    if ACTIONS[verb].fields and verb in asked.offered:
        return _ask(asked, verb, written, 409, OVERTAKEN, news)
    return _page(asked, 409, OVERTAKEN, news)


def _ask(
    asked: Asked,
    verb: Verb,
    written: Written,
    status: int = 200,
    refused: Words | None = None,
    news: Iterable[Mapping[str, object]] = (),
) -> Response:
    file, at = asked.file, asked.at
    thread = file.thread
    return render(
        asked.request, "case/do.html", status, case=file.case, verb=verb, action=ACTIONS[verb],
        fields=fields(verb, file, written.values), lists=suggestions(verb, file),
        said=said(file, verb, at), never=known_refusal(file, verb, at), refused=refused,
        bad=written.taken.refused, kept=written.taken.ids, onward=written.onward,
        news=list(news), seen=len(thread.records), most=MOST,
        count=countdown(file.case, thread.book, at, thread.pauses),
        before=casefile.pictures(file.shots, PhotoPurpose.FINDING),
        after=casefile.pictures(file.shots, PhotoPurpose.SUBMISSION), judges=file.verifies,
    )  # fmt: skip


# -- reading a form ----------------------------------------------------------------------------


def _verb(asked: Asked, name: str) -> Verb:
    """The verb of an address, if the viewer may ever do it to this case."""
    verb = next((verb for verb in ACTIONS if verb.value == name), None)
    if verb is None:
        raise Missing("没有这一步。", "There is no such step.")
    if verb not in may(asked.file.concerns):
        raise NotYours(
            "这一步不由您办理。可以做的事列在案件页上。",
            "This step is not yours to take. What you can do is shown on the case's page.",
        )
    return verb


def _not_now(asked: Asked, verb: Verb) -> Words:
    answer = move(asked.file.case.status, verb)
    if isinstance(answer, Refused):
        return answer.reason
    return known_refusal(asked.file, verb, asked.at) or Words(
        "本案现在不需要这一步。可以做的事列在下面。",
        "The case does not need this step now. What can be done is shown below.",
    )


def _written(asked: Asked, verb: Verb, form: FormData) -> Written:
    values = {key: [value for value in form.getlist(key) if isinstance(value, str)] for key in form}
    onward = _inside(next(iter(values.get("next", ())), ""))
    if not any(each.kind is Kind.PHOTOS for each in ACTIONS[verb].fields):
        return Written(values, onward=onward)
    kept = [int(text) for text in values.get("photos", ()) if text.isdecimal() and len(text) < 12]
    files = [value for value in form.getlist("files") if isinstance(value, UploadFile)]
    new = take_all(asked.house, asked.viewer, files, asked.at, MOST - len(kept))
    ids = tuple(dict.fromkeys((*kept, *new.ids)))
    values["photos"] = [str(photo) for photo in ids]
    return Written(values, Taken(ids, new.refused), onward)


def _number(form: FormData, name: str) -> int | None:
    text = form.get(name)
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else None


def _refreshed(file: File, version: int | None, seen: int | None) -> int | None:
    """The version as it is now, where since then only the engine has reminded or escalated."""
    if version is None or seen is None:
        return version
    since = [record for record in file.thread.records if record.seq > seen]
    only_engine = bool(since) and all(record.verb in _ENGINES for record in since)
    return int(file.case.version) if only_engine else version


def _inside(url: str) -> str:
    """An address of one of our lists, or nothing: nobody is sent on to a stranger."""
    path = url.partition("?")[0]
    ours = any(path == item.url or path.startswith(f"{item.url}/") for item in ITEMS)
    return url if ours and url.isprintable() and "\\" not in url and "//" not in path else ""
