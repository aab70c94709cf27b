"""What the robots of the work chats have in common: their addresses, and cutting to their size."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from notices.channels.plugin import Plugin
from notices.escaping import markdown
from notices.message import Message

_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
_BASE = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?(?:/[\w./-]*)?")

_CUT = MappingProxyType(
    {
        "zh": "\n（内容过长，已截去后文，请登录督办系统查看全文）",
        "en": "\n(Too long for this channel and cut here; sign in to Duban to read all of it)",
    }
)


class Robot(Plugin):
    """A robot at `scheme://[secret@]token[/…]`.

    `?base=https://host` names another host of the service, as private deployments have;
    `?format=text` sends plain text only; `token`, `secret` and `to` may stand in the query.
    """

    FORM = "markdown"
    BASE: ClassVar[str] = ""
    """Where the service is for everybody."""

    def __init__(
        self,
        token: str = "",
        secret: str = "",
        targets: tuple[str, ...] = (),
        base: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.token = key(token)
        self.secret = key(secret) if secret else ""
        self.targets = targets
        self.base = place(base or self.BASE)
        self.plain = kwargs.get("format") == "text"

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> Self | None:
        """The robot of an address. Raises TypeError for a part that is none of this service."""
        said: dict[str, Any] | None = cls.parse_url(url, verify_host=False)
        return cls(**(_parts(said) | kwargs)) if said else None

    def account(self) -> str:
        """Host and token: a robot keeps its pace whatever its secret is."""
        return f"{self.base}/{self.token}"

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The address again; with `privacy` only the ends of its token."""
        token = self.pprint(self.token, privacy, safe="")  # type: ignore[no-untyped-call]
        secret = "****@" if privacy else f"{self.secret}@"
        tail = "".join(f"/{target}" for target in self.targets)
        return f"{self.SCHEMES[0]}://{secret if self.secret else ''}{token}{tail}"


def _parts(said: dict[str, Any]) -> dict[str, Any]:
    """What Apprise read of an address, by the names of a robot's parts. Raises TypeError."""
    if said["port"] or said["password"]:
        raise TypeError("a robot has neither port nor password")
    asked: Mapping[str, str] = said["qsd"]
    path = [unquote(part) for part in (said["fullpath"] or "").split("/") if part]
    to = [part for part in re.split(r"[,\s]+", asked.get("to", "")) if part]
    return said | {
        "token": asked.get("token") or asked.get("key") or unquote(said["host"]),
        "secret": asked.get("secret") or unquote(said["user"] or ""),
        "targets": tuple(path + to),
        "base": asked.get("base", ""),
    }


def key(text: str) -> str:
    """`text` if it is made of letters, digits, "_" and "-". Raises TypeError."""
    if not _KEY.fullmatch(text):
        raise TypeError("no key of this service")
    return text


def place(base: str) -> str:
    """`base` without its last "/", if it is an address of a host. Raises TypeError."""
    if not _BASE.fullmatch(base):
        raise TypeError("no address of a host")
    return base.rstrip("/")


def words(message: Message) -> str:
    """The plain form under its subject."""
    return f"{message.subject}\n{message.body}"


def headed(message: Message) -> str:
    """The Markdown form under its subject, which these services do not show by themselves.

    Our own templates begin with the subject: what opens in the same way is left alone.
    """
    if _bare(message.markdown)[:4] == _bare(message.subject)[:4]:
        return message.markdown
    return f"**{markdown(message.subject)}**\n\n{message.markdown}"


def _bare(text: str) -> str:
    return re.sub(r"[\s*#]", "", text[:200])


def cut(text: str, size: int, lang: str = "zh") -> str:
    """`text` in at most `size` bytes of UTF-8; where something had to go, it says so.

    It ends with a whole line, unless that would take more than half of what there is room for.
    """
    data = text.encode()
    if len(data) <= size:
        return text
    note = _CUT.get(lang, _CUT["zh"])
    kept = data[: size - len(note.encode())].decode(errors="ignore")
    line = kept.rpartition("\n")[0]
    return (line if len(line) * 2 > len(kept) else kept) + note
