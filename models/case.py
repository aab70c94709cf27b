"""整改任务: a problem with a unit that must put it right, and a clock."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class Status(Labelled):
    """Where a case stands. Moves between them are the table in `rules.lifecycle`."""

    REPORTED = "reported", "待立案", "reported"
    FILED = "filed", "待交办", "filed"
    UNDECIDED = "undecided", "待定责", "undecided"
    DISPATCHED = "dispatched", "待签收", "dispatched"
    IN_PROGRESS = "in_progress", "整改中", "in progress"
    RETURNED = "returned", "退单待裁定", "returned"
    SUSPENDED = "suspended", "挂账", "suspended"
    SUBMITTED = "submitted", "待核查", "submitted"
    REWORK = "rework", "返工", "rework"
    CLOSED = "closed", "已销号", "closed"
    REJECTED = "rejected", "不予立案", "rejected"
    MERGED = "merged", "已并案", "merged"
    SPLIT = "split", "已拆分", "split"
    CANCELLED = "cancelled", "已作废", "cancelled"


class Stage(Labelled):
    """What a clock measures. Each has its own limit in the policy and is followed up alike."""

    FILE = "file", "立案", "filing"
    DISPATCH = "dispatch", "交办", "dispatch"
    SIGN = "sign", "签收", "sign"
    HANDLE = "handle", "整改", "handle"
    RULE = "rule", "裁定", "rule"
    VERIFY = "verify", "核查", "verify"
    PUBLISH = "publish", "公示", "publish"
    LOOK_BACK = "look_back", "回头看", "look back"


class LimitSource(Labelled):
    """Where the handling limit of a case comes from."""

    PAPER = "paper", "交办文书", "the paper it came on"
    CATEGORY = "category", "立案标准", "the category's standard"
    POLICY = "policy", "督办办法", "the policy's default"
    REWORK = "rework", "返工时限", "the policy's rework limit"
    PERSON = "person", "督办员核定", "set by a supervisor"


SHARDS = 64
"""Into so many parts cases fall by their area; as many hands as that can share a sweep."""
SHARD = f"COALESCE(area_id, id) % {SHARDS}"
"""All cases of an area are of one shard; one without an area goes by its own number."""

IS_OPEN = (
    "status IN ('reported', 'filed', 'undecided', 'dispatched', 'in_progress', 'returned', "
    "'suspended', 'submitted', 'rework')"
)
"""The open statuses, as partial indexes name them."""


class Case(SQLModel, table=True):
    """One case. `version` counts writes, `epoch` its handling clocks (dispatch, rework,
    extension, reopening), `turn` the statuses it has entered, and so the clocks of its steps.

    Clocks run side by side: handling (`clock_from`, `due_at`), the step its status waits for
    (`since`, `step_due_at`) and, once drawn, the look-back (`look_back_from`,
    `look_back_due_at`, counted by `look_backs`). `looked_until` is the instant up
    to which follow-up has judged the case; `next_look_at` the next one worth a look, empty
    when there is none. `records` and `head` are the length and last hash of its record chain.
    """

    __tablename__ = "case_"
    __table_args__ = (
        sa.Index(
            "ix_case__next_look",
            "next_look_at",
            "id",
            sqlite_where=sa.text("next_look_at IS NOT NULL"),
            postgresql_where=sa.text("next_look_at IS NOT NULL"),
        ),
        # The same for one part of the sweep: a hand reads its own shards and no others.
        sa.Index(
            "ix_case__shard_look",
            "shard",
            "next_look_at",
            "id",
            sqlite_where=sa.text("next_look_at IS NOT NULL"),
            postgresql_where=sa.text("next_look_at IS NOT NULL"),
        ),
        sa.Index("ix_case__status_id", "status", "id"),
        sa.Index("ix_case__status_step", "status", "step_due_at", "id"),
        sa.Index("ix_case__place_key", "place_key"),
        # What waits, in the order in which it is due; and what waits near a place.
        sa.Index(
            "ix_case__open_due",
            "due_at",
            "id",
            sqlite_where=sa.text(IS_OPEN),
            postgresql_where=sa.text(IS_OPEN),
        ),
        sa.Index(
            "ix_case__open_lat",
            "lat",
            "lon",
            sqlite_where=sa.text(IS_OPEN),
            postgresql_where=sa.text(IS_OPEN),
        ),
        sa.Index("ix_case__area_id_id", "area_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=32)
    status: Status = Field(sa_type=choice(Status))
    version: int = 0
    epoch: int = 0
    turn: int = 0

    place: str
    place_key: str
    problem: str
    area_id: int | None = Field(default=None, foreign_key="area.id")
    category_code: str | None = Field(default=None, foreign_key="category.code", max_length=32)
    severity: str = ""
    lat: float | None = None
    lon: float | None = None
    """Where it is, in degrees of WGS 84, if whoever handed it in said so."""
    reports: int = 1
    """How many findings have joined this case."""
    recurrence_of: int | None = Field(default=None, foreign_key="case_.id")
    """反弹: the closed case this one is a relapse of."""
    split_from: int | None = Field(default=None, foreign_key="case_.id")
    """拆分: the case this one was a part of."""

    policy_id: int = Field(foreign_key="policy_version.id")
    limit: str = Field(default="", max_length=32)
    limit_source: LimitSource | None = Field(
        default=None,
        sa_type=choice(LimitSource),
    )

    reported_at: datetime = Field(sa_column=instant(null=False))
    since: datetime = Field(sa_column=instant(null=False))
    step_due_at: datetime | None = Field(default=None, sa_column=instant())
    dispatched_at: datetime | None = Field(default=None, sa_column=instant())
    clock_from: datetime | None = Field(default=None, sa_column=instant())
    due_at: datetime | None = Field(default=None, sa_column=instant())
    provisional: bool = False
    submitted_at: datetime | None = Field(default=None, sa_column=instant())
    late: bool | None = None
    """Decided at submission and never changed after."""
    closed_at: datetime | None = Field(default=None, sa_column=instant())
    resumes_at: datetime | None = Field(default=None, sa_column=instant())
    look_back_from: datetime | None = Field(default=None, sa_column=instant())
    look_back_due_at: datetime | None = Field(default=None, sa_column=instant())
    inspector_id: int | None = Field(default=None, foreign_key="person.id")
    """Who looks back; never whoever verified."""
    verified_by: str = Field(default="", max_length=60)

    raised: int = 0
    """提级: how many levels above its ladder the case stands, since `raised_at`."""
    raised_at: datetime | None = Field(default=None, sa_column=instant())
    exempt: bool = False
    """An appeal was upheld: left out of the statistics. The lateness stays."""

    returns: int = 0
    reworks: int = 0
    extensions: int = 0
    suspensions: int = 0
    appeals: int = 0
    relapses: int = 0
    """How often a look-back found it again."""
    look_backs: int = 0

    shard: int = Field(sa_column=sa.Column(sa.Integer, sa.Computed(SHARD), nullable=False))
    """The database reckons it; nobody writes it."""
    looked_until: datetime = Field(sa_column=instant(null=False))
    next_look_at: datetime | None = Field(default=None, sa_column=instant())

    records: int = 0
    head: str = Field(default="", max_length=64)


class Pause(SQLModel, table=True):
    """挂账 span: working time inside it does not count. Open until `ended_at` is set."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    started_at: datetime = Field(sa_column=instant(null=False))
    ended_at: datetime | None = Field(default=None, sa_column=instant())


class Counter(SQLModel, table=True):
    """The last number given out in a series. Holding its row is what orders intake."""

    name: str = Field(primary_key=True, max_length=32)
    value: int = 0
