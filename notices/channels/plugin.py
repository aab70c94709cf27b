"""What a channel of ours is made of: it takes a whole message, and answers what became of it."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple, Self

from apprise import NotifyFormat, NotifyType
from apprise.plugins.base import NotifyBase

from models.delivery import DeliveryOutcome
from notices.channels.answers import Answer
from notices.message import Message


class Rate(NamedTuple):
    """How many messages a service takes a minute, and how many of them at once; 0: any number."""

    per_minute: int = 0
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Outlet:
    """出口: one account with one service. `key` makes it one and may be secret."""

    key: str
    shown: str
    rate: Rate

    @property
    def digest(self) -> str:
        """What the ledger knows it by."""
        return sha256(self.key.encode()).hexdigest()


class Plugin(NotifyBase):  # type: ignore[no-untyped-call]
    """An Apprise plugin that reads what the service answers.

    Apprise hands a plugin a title and a body; these take the whole `message`, with its other
    forms, and leave what became of it in `answer`. What `bring` raises is judged by
    `notices.channels.answers`.
    """

    SCHEMES: ClassVar[tuple[str, ...]] = ()
    """The beginnings of its addresses."""
    RATE: ClassVar[Rate] = Rate()
    """What the service is known to take from one account."""
    FORM: ClassVar[str] = ""
    """The form it shows besides plain text: markdown, html or short."""
    GROUP: ClassVar[bool] = False
    """Whether what it brings is seen by a whole group: then it carries nobody's own links."""

    request_rate_per_sec = 0
    notify_format = NotifyFormat.TEXT
    body_maxlen = 1_000_000
    message: Message | None = None
    answer: Answer | None = None

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> Self | None:
        """The plugin for an address, or None where it is not one."""
        said = cls.parse_url(url)
        return cls(**(said | kwargs)) if said else None

    def bring(self, message: Message) -> Answer:
        """Take the message to the service, once, and say what became of it."""
        raise NotImplementedError

    def account(self) -> str:
        """What makes the outlet one: host and token or login, without recipients."""
        raise NotImplementedError

    def send(
        self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **kwargs: Any
    ) -> bool:
        """What Apprise calls."""
        if self.message is None:
            raise ValueError("the message was not set")
        self.answer = self.bring(self.message)
        return self.answer.outcome is DeliveryOutcome.SENT
