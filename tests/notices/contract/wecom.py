"""A WeCom group robot: its documents are those the true service answers.

https://developer.work.weixin.qq.com/document/path/91770
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apprise import Apprise

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import (
    MISCONFIGURED,
    TEMPORARY,
    TOO_FAST,
    Subject,
    given,
    refusal,
)

KEY = "693a91f6-7aac-4bc4-97a0-0ec2sifa5aaa"
SIZES = {"text": 2048, "markdown": 4096}


def explained(code: int, words: str) -> Told:
    """How WeCom says it: with a hint, the caller's address and a page."""
    hint = "hint: [1704540159128593240839785], from ip: 127.0.0.1"
    page = f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    return told({"errcode": code, "errmsg": f"{words}, {hint}, {page}"})


@dataclass
class WeComRobot(StandIn):
    key: str = KEY
    sent: int = 0
    says: tuple[int, str] | None = None

    def answer(self, asked: Asked) -> Told:
        if asked.path != "/cgi-bin/webhook/send":
            return Told(404)
        self.sent += 1
        if refused := self._refusal(asked):
            return explained(*refused)
        self.taken.append(asked.json)
        return told({"errcode": 0, "errmsg": "ok"})

    def _refusal(self, asked: Asked) -> tuple[int, str] | None:
        if asked.query.get("key") != self.key:
            return 93000, "invalid webhook url"
        if self.sent > 20:
            return 45009, "api freq out of limit"
        return self.says or too_long(asked.json, SIZES)


def too_long(document: dict[str, Any], sizes: dict[str, int]) -> tuple[int, str] | None:
    kind = document["msgtype"]
    size = sizes[kind]
    if len(document[kind]["content"].encode()) > size:
        return 40058, f"{kind}.content exceed max length {size}. invalid Request Parameter"
    return None


def _theirs(base: str) -> Any:
    plugin: Any = Apprise.instantiate(f"wecombot://{KEY}")
    plugin.api_url = f"{base}/cgi-bin/webhook/send?key={KEY}"
    return plugin


SUBJECT = Subject(
    "wecombot",
    WeComRobot,
    lambda base: f"wecombot://{KEY}?base={base}",
    [
        refusal("unknown token", given(key="other"), MISCONFIGURED, "重新添加机器人"),
        refusal("too fast", given(sent=20), TOO_FAST, "发送过快", again=timedelta(minutes=1)),
        refusal("busy", given(says=(-1, "system error")), TEMPORARY, "系统繁忙"),
        refusal("a code nobody knows", given(says=(99_999, "sorry")), TEMPORARY, "99999"),
    ],
    (KEY,),
    _theirs,
)
