"""What a message may need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.case import Stage
from models.category import Role
from models.notice import NoticeKind
from models.verb import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a message may need to know; what is unknown is left empty and not mentioned.

    `unit` is the unit that leads, `role` the part of the reader's; `person` is the reader.
    `at` is when the message is written, `zone` the city's. `left` is working time to `due_at`,
    negative when late, told in days of `day_length`. `level` and `level_title` name the level
    of the ladder, `reason` says in words why this message is written, `rule` names the rule
    and is shown only where there is no reason. Unless somebody acts, `next_words` happens at
    `next_at`. `resend` means an earlier attempt may have arrived; `unsaid` reminders to the
    reader were held back by the daily cap since anybody said so. `extra` holds further lines,
    label to text.

    `door` is where everybody signs in. `link` opens the case for the reader alone and `answers`
    do one thing to it: neither belongs where others read along. `key` names the message.
    What is about no single case has a `headline` and is `told` line by line.
    """

    kind: NoticeKind
    number: str
    place: str
    problem: str
    at: datetime
    zone: ZoneInfo
    unit: str = ""
    role: Role = Role.LEAD
    person: str = ""
    due_at: datetime | None = None
    provisional: bool = False
    stage: Stage | None = None
    level: int = 0
    level_title: str = ""
    rule: str = ""
    reason: str = ""
    left: timedelta | None = None
    day_length: timedelta = timedelta(hours=8)
    next_at: datetime | None = None
    next_words: str = ""
    resend: bool = False
    unsaid: int = 0
    door: str = ""
    link: str = field(default="", repr=False)
    answers: tuple[tuple[Verb, str], ...] = field(default=(), repr=False)
    extra: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    headline: str = ""
    told: tuple[str, ...] = ()
