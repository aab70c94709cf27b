"""Server酱: schan://SENDKEY, for the keys of Turbo (SCT…) and of Server酱³ (sctp…)."""

import re
from datetime import timedelta
from typing import Any

from notices.channels.answers import Answer
from notices.channels.codes import MISCONFIGURED, PERMANENT, TEMPORARY, TOO_FAST, Code, Table
from notices.channels.http import call
from notices.channels.plugin import Rate
from notices.channels.robot import Robot, cut
from notices.message import Message

# `title` has at most 32 characters, `desp` 32 KB.
TITLE = 32
SIZE = 32_000

_THIRD = re.compile(r"sctp(?P<number>\d+)t", re.IGNORECASE)
_QUOTA = "当天的发送次数已用完，次日恢复：请升级 Server酱会员，或少派消息给此渠道"
_KEY = "SendKey 无效或没有权限：请在 Server酱网站重新复制 SendKey 并更新渠道地址"
_REPEATED = "同样内容的消息刚发过，被 Server酱拒收"

CODES = Table(
    (
        Code(40001, MISCONFIGURED, _QUOTA, "次数限制|quota"),
        Code(471, MISCONFIGURED, _QUOTA),
        Code(40001, PERMANENT, _REPEATED, "重复"),
        Code(
            40001,
            TOO_FAST,
            "发送过快，被 Server酱限流",
            "频率|过快|too many",
            again=timedelta(minutes=10),
        ),
        Code(40001, MISCONFIGURED, _KEY),
        Code(461, MISCONFIGURED, _KEY),
        Code(20001, PERMANENT, "消息的参数不被接受"),
        Code(-1, TEMPORARY, "Server酱系统繁忙"),
    ),
    code="code",
    text="message",
    receipt="data.pushid",
)


class ServerChan(Robot):  # type: ignore[no-untyped-call]
    """A message to one person's WeChat, or to the Server酱 app.

    Addresses, fields and answers: https://sct.ftqq.com/sendkey, https://doc.sc3.ft07.com and
    https://github.com/easychen/serverchan-sdk; quota (5 a day without membership):
    https://github.com/StreamerHelper/web-server/issues/131. No pace is documented, only that
    whoever sends too often is shut out; the rate here is ours. What is taken goes into a queue
    of theirs: accepted is not yet shown on the phone.
    """

    SCHEMES = ("schan",)
    RATE = Rate(20, 5)
    BASE = "https://sctapi.ftqq.com"
    service_name: Any = "ServerChan"
    secure_protocol: Any = "schan"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.secret or self.targets:
            raise TypeError("ServerChan has a key and nothing else")

    def bring(self, message: Message) -> Answer:
        """Send to the person. Raises what requests raises."""
        # The field is Markdown, where a single line break is none.
        lines = message.body.replace("\n", "\n\n")
        text = lines if self.plain else message.markdown or lines
        fields = {"title": _short(message.subject), "desp": cut(text, SIZE, message.lang)}
        return CODES.read(call(self, self._address(), data=fields))

    def _address(self) -> str:
        third = _THIRD.match(self.token)
        if not third:
            return f"{self.base}/{self.token}.send"
        own = f"https://{third['number']}.push.ft07.com"
        return f"{own if self.base == self.BASE else self.base}/send/{self.token}.send"


def _short(subject: str) -> str:
    return subject if len(subject) <= TITLE else f"{subject[: TITLE - 1]}…"
