"""投递: one attempt to bring a notice to its person, and what the channel answered."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class DeliveryOutcome(Labelled):
    """What is known of an attempt."""

    UNKNOWN = "unknown", "结果不明", "unknown"
    SENT = "sent", "已送达渠道", "accepted by the channel"
    TEMPORARY = "temporary", "暂时失败", "failed for now"
    TOO_FAST = "too_fast", "发送过快", "too fast"
    PERMANENT = "permanent", "拒收", "refused"
    MISCONFIGURED = "misconfigured", "配置有误", "misconfigured"


class Delivery(SQLModel, table=True):
    """One attempt. Written as UNKNOWN before sending, so that a crash cannot hide it."""

    __table_args__ = (sa.UniqueConstraint("notice_id", "attempt"),)

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    attempt: int
    position: int | None = None
    """Which of the person's channels; empty when none was left."""
    channel: str = ""
    """The channel's address with its secrets masked."""
    at: datetime = Field(sa_column=instant(null=False))
    outcome: DeliveryOutcome = Field(sa_type=choice(DeliveryOutcome))
    answer: str = ""
    receipt: str = Field(default="", max_length=200, index=True)
    """By what name the service knows the message; what it reports later is found by it."""
    message: str = Field(default="", max_length=64)
    """The message it went in: notices of one digest share it."""
    took: float | None = None
    """Seconds until the channel answered; empty when it was not asked."""
