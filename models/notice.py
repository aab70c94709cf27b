"""通知: a message owed to a person, from the transaction that caused it until it arrived."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class NoticeKind(Labelled):
    """Why somebody is written to."""

    DISPATCHED = "dispatched", "交办通知", "dispatched"
    REMINDER = "reminder", "催办提醒", "reminder"
    ESCALATION = "escalation", "督办升级", "escalation"
    UNDECIDED = "undecided", "待定责", "undecided"
    RETURNED = "returned", "退单待裁定", "returned"
    SUBMITTED = "submitted", "待核查", "to be verified"
    REWORK = "rework", "返工通知", "rework"
    REQUEST = "request", "申请待审", "request to decide"
    DECIDED = "decided", "申请结果", "request decided"
    TRANSFERRED = "transferred", "改派告知", "passed to another unit"
    CLOSED = "closed", "销号告知", "closed"
    ENDED = "ended", "终止告知", "taken out of the work"
    RESUMED = "resumed", "恢复办理", "resumed"
    LOOK_BACK = "look_back", "回头看", "look-back"
    URGED = "urged", "人工催办", "urged by hand"
    ASSIGNED = "assigned", "内部分派", "assigned inside the unit"
    CONFIRMED = "confirmed", "协同完成", "assisting part done"
    TAKEN_OVER = "taken_over", "提级办理", "taken over"
    WITHDRAWN = "withdrawn", "撤回反馈", "submission withdrawn"
    RELAPSED = "relapsed", "反弹返工", "relapsed"
    REOPENED = "reopened", "重新办理", "reopened"
    EXPOSED = "exposed", "曝光", "exposed"
    RECOMPUTED = "recomputed", "时限变更", "limit recomputed"
    PROPOSED = "proposed", "处置建议", "measure proposed"
    SUMMARY = "summary", "单位周报", "weekly summary"


class NoticeState(Labelled):
    """How far a notice has come."""

    OWED = "owed", "待发", "owed"
    SENDING = "sending", "发送中", "sending"
    SENT = "sent", "已发", "sent"
    DEAD = "dead", "未送达", "not delivered"
    MOOT = "moot", "不必再发", "no longer needed"
    CAPPED = "capped", "超上限未发", "held back by the daily cap"


class Notice(SQLModel, table=True):
    """One message owed to one person. `key` says why, and makes it once.

    It is not sent before `not_before` (quiet hours) nor `next_try_at` (back-off). Whoever
    sends it holds it until `lease_until`; a lease that ran out means nobody knows whether it
    went, and the resend says so.
    """

    __table_args__ = (
        sa.Index(
            "ix_notice_waiting",
            "next_try_at",
            "id",
            sqlite_where=sa.text("state IN ('owed', 'sending')"),
            postgresql_where=sa.text("state IN ('owed', 'sending')"),
        ),
        sa.Index(
            "ix_notice_failed",
            "id",
            sqlite_where=sa.text("state IN ('dead', 'capped')"),
            postgresql_where=sa.text("state IN ('dead', 'capped')"),
        ),
        sa.Index("ix_notice_case_id", "case_id"),
        sa.Index("ix_notice_person", "person_id", "ended_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=160)
    case_id: int | None = Field(default=None, foreign_key="case_.id")
    """Empty for what is about no single case, as a summary."""
    person_id: int = Field(foreign_key="person.id")
    unit_id: int = Field(foreign_key="unit.id")
    kind: NoticeKind = Field(sa_type=choice(NoticeKind))
    facts: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """What the wording needs beyond the case itself: level, rule, reason, planned instant."""
    owed_at: datetime = Field(sa_column=instant(null=False))
    next_try_at: datetime = Field(sa_column=instant(null=False))
    state: NoticeState = Field(
        default=NoticeState.OWED,
        sa_type=choice(NoticeState),
    )
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_column=instant())
    lease_by: str = Field(default="", max_length=120)
    """Who holds it, as "host/process"."""
    ended_at: datetime | None = Field(default=None, sa_column=instant())
    arrived_at: datetime | None = Field(default=None, sa_column=instant())
    """When the service reported that it had reached the person's device."""
    read_at: datetime | None = Field(default=None, sa_column=instant())
    """When the person first opened the case after it was owed, or the service said it was read."""
    forgiven: int = 0
    """Attempts up to this one no longer count against a channel: it was sent again by hand."""
