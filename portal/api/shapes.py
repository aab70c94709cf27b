"""What programs are told, and how what they say is written."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ledger.tokens import Scope
from models.account import AccountRole
from models.case import Stage, Status
from models.category import CategoryKind, Role
from models.escalation import Outcome
from models.finding import FindingOutcome
from models.notice import NoticeKind, NoticeState
from models.person import DutyKind
from models.photo import PhotoPurpose
from models.remark import RemarkKind
from models.request import RequestKind
from models.unit import UnitKind
from models.verb import Verb
from models.words import Words
from portal.api.problems import Said
from rules.countdown import Colour

T = TypeVar("T", bound=BaseModel)

# Databases keep no NUL in a text.
WRITTEN = r"^[^\x00]*$"
MOST_ID = 2**31 - 1
_FIRST = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_LAST = datetime.fromisoformat("2100-01-01T00:00:00+00:00")

Id = Annotated[int, Field(ge=1, le=MOST_ID)]
Instant = Annotated[AwareDatetime, Ge(_FIRST), Le(_LAST)]
"""With its offset; between 2000 and 2100, which what is reckoned from it may leave."""
Day = Annotated[date, Ge(_FIRST.date()), Le(_LAST.date())]


def text(most: int, least: int = 0) -> StringConstraints:
    """What a text must be: of at most so many characters."""
    return StringConstraints(min_length=least, max_length=most, pattern=WRITTEN)


class Strict(BaseModel):
    """What is sent: a field that is not known is refused rather than passed over."""

    model_config = ConfigDict(extra="forbid")


def shaped(kind: type[T], source: Any, zone: ZoneInfo, **more: Any) -> T:
    """A shape from the attributes of a row; instants in the city's zone, as clocks there show."""
    values = {name: getattr(source, name) for name in kind.model_fields if name not in more}
    return kind(**{name: _told(value, zone) for name, value in (values | more).items()})


def _told(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, Words):
        return said(value)
    return value.astimezone(zone) if isinstance(value, datetime) else value


def said(words: Words) -> Said:
    """Words as they are told."""
    return Said(zh=words.zh, en=words.en)


class Countdown(BaseModel):
    """How much of the clock a case is under is left; `share` is the part that is used."""

    colour: Colour
    words: Said
    share: float | None
    due_at: datetime | None


class CaseBrief(BaseModel):
    """One case in a list. `version` counts its writes."""

    number: str
    version: int
    status: Status
    place: str
    problem: str
    category: str
    area: str
    unit: str
    limit: str
    reported_at: datetime
    since: datetime = Field(description="since when it has stood so")
    step_due_at: datetime | None
    due_at: datetime | None
    look_back_due_at: datetime | None
    late: bool | None
    closed_at: datetime | None
    lat: float | None
    lon: float | None
    reports: int
    returns: int
    reworks: int
    extensions: int
    suspensions: int
    appeals: int
    asked: RequestKind | None = Field(description="the request that waits for an answer")
    countdown: Countdown


class CasePage(BaseModel):
    """One page of cases. `after` asks for the next one; without it this was the last."""

    items: list[CaseBrief]
    after: str | None


class Part(BaseModel):
    """A unit's part in a case."""

    unit_id: int
    unit: str
    role: Role
    section: str
    handler: str | None
    started_at: datetime
    confirmed_at: datetime | None


class Offer(BaseModel):
    """A verb that can be done now, at POST /cases/{number}/{verb}."""

    verb: Verb
    words: Said
    then: Said = Field(description="what will come of it")
    danger: bool


class CaseWhole(CaseBrief):
    """One case: its facts, its units, its clock, and what whoever asks can do to it."""

    units: list[Part]
    offered: list[Offer]


class RecordLine(BaseModel):
    """One thing that happened to a case; `hash` is chained to `previous` (docs/proof.md)."""

    seq: int
    at: datetime
    verb: str
    actor: str
    status: Status
    words: str
    data: dict[str, Any]
    previous: str
    hash: str


class RecordPage(BaseModel):
    """Records of a case in their order."""

    items: list[RecordLine]
    after: str | None


class PhotoLine(BaseModel):
    """One picture. `digest` is the SHA-256 of its bytes, as its record names it."""

    id: int
    purpose: PhotoPurpose | None
    at: datetime
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    width: int
    height: int
    size: int
    digest: str
    record_seq: int | None


class Photos(BaseModel):
    """The pictures of a case. Their bytes are at GET /photos/{id}."""

    items: list[PhotoLine]


class Uploaded(BaseModel):
    """A picture that waits to be handed in: name its id in `photos` of a finding or a verb."""

    id: int
    digest: str
    width: int
    height: int


class Done(BaseModel):
    """A verb that was carried out, and where it led."""

    number: str
    verb: Verb
    status: Status


class Taken(BaseModel):
    """What became of a finding: which case it is, and why."""

    outcome: FindingOutcome
    case: str | None
    reason: Said


class Recipient(BaseModel):
    """Who was told, how far the message came, and what they did about the case after it."""

    person: str
    unit: str
    duty: DutyKind | None
    state: NoticeState | None
    channel: str
    answer: str
    read_at: datetime | None
    answered_at: datetime | None
    answered_by: Verb | None


class Comment(BaseModel):
    """What a supervisor said to a row, or that they have seen it."""

    actor: str
    kind: RemarkKind
    text: str
    at: datetime


class LogLine(BaseModel):
    """One row of the escalation log. `unit` is the one that led then."""

    id: int
    case: str
    place: str
    problem: str
    area: str
    category: str
    unit: str
    level: int
    stage: Stage
    rule: str
    card: str
    planned_at: datetime
    at: datetime
    outcome: Outcome
    recipients: list[Recipient]
    remarks: list[Comment]


class LogPage(BaseModel):
    """Rows of the escalation log, the newest first.

    A page reads a bounded part of the log: where few rows are looked for it may hold fewer than
    were asked for, and still name the next one.
    """

    items: list[LogLine]
    after: str | None


class NoticeLine(BaseModel):
    """One notice and how far it came."""

    key: str
    case: str
    kind: NoticeKind
    person: str
    channel: str
    state: NoticeState
    attempts: int
    answer: str
    owed_at: datetime
    ended_at: datetime | None
    next_try_at: datetime
    maybe_twice: bool


class NoticePage(BaseModel):
    """Notices, the newest first."""

    items: list[NoticeLine]
    after: str | None


class UnitLine(BaseModel):
    """One unit."""

    id: int
    code: str
    name: str
    kind: UnitKind
    parent_id: int | None
    area_id: int | None


class UnitPage(BaseModel):
    """Units by their ids."""

    items: list[UnitLine]
    after: str | None


class AreaLine(BaseModel):
    """One area."""

    id: int
    code: str
    name: str
    parent_id: int | None


class AreaPage(BaseModel):
    """Areas by their ids."""

    items: list[AreaLine]
    after: str | None


class CategoryLine(BaseModel):
    """One category, with what it takes to be filed and closed, and its limit."""

    code: str
    kind: CategoryKind
    major: str
    minor: str
    filing: str
    closing: str
    limit: str


class CategoryPage(BaseModel):
    """Categories by their codes."""

    items: list[CategoryLine]
    after: str | None


class RoleLine(BaseModel):
    """One role, within the subtree of a unit or of an area; neither: everywhere."""

    role: AccountRole
    unit_id: int | None
    area_id: int | None


class By(StrEnum):
    """How whoever asks was known."""

    TOKEN = "token"  # noqa: S105 - the word, not a secret
    SESSION = "session"
    LINK = "link"


class Me(BaseModel):
    """Who asks, as what, and how far."""

    name: str
    lang: str
    by: By
    roles: list[RoleLine]
    scopes: list[Scope]


class Reckoned(BaseModel):
    """When a limit is used up, and why then."""

    due_at: datetime
    provisional: bool = Field(description="it reaches into a year not yet published")
    explanation: Said
