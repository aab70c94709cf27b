"""A group robot of Feishu, and of Lark: its documents are those the true service answers.

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apprise import Apprise

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import (
    MISCONFIGURED,
    PERMANENT,
    SENT,
    TOO_FAST,
    Case,
    Subject,
    given,
    refusal,
)

TOKEN = "7b1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
SECRET = "zs0T7Qm3xW9kLr2V"
HOOK = "/open-apis/bot/v2/hook/"


@dataclass
class Feishu(StandIn):
    token: str = TOKEN
    secret: str = SECRET
    keyword: str = ""
    allowed: str = "127.0.0.1"
    sent: int = 0
    says: tuple[int, str] | None = None
    ahead: float = 0
    """By how many seconds its clock is ahead of ours."""

    def answer(self, asked: Asked) -> Told:
        code, words = self._refusal(asked) or (0, "success")
        if code:
            status = 400 if code == 9499 else 200
            return told({"code": code, "data": {}, "msg": words}, status)
        self.taken.append(asked.json)
        old = {"Extra": None, "StatusCode": 0, "StatusMessage": "success"}
        return told({"code": 0, "data": {}, "msg": words, **old})

    def _refusal(self, asked: Asked) -> tuple[int, str] | None:
        for look in (self._settings, self._signature, self._content, self._pace):
            if refused := look(asked):
                return refused
        return None

    def _settings(self, asked: Asked) -> tuple[int, str] | None:
        if asked.path.rstrip("/") != HOOK + self.token:
            return 19001, "param invalid: incoming webhook access token invalid"
        if self.allowed != "127.0.0.1":
            return 19022, "Ip Not Allowed"
        return self.says

    def _signature(self, asked: Asked) -> tuple[int, str] | None:
        if not self.secret:
            return None
        at, given = str(asked.json.get("timestamp", "0")), asked.json.get("sign")
        code = hmac.new(f"{at}\n{self.secret}".encode(), b"", hashlib.sha256)
        old = abs(time.time() + self.ahead - int(at)) > 3600
        if old or base64.b64encode(code.digest()).decode() != given:
            return 19021, "sign match fail or timestamp is not within one hour from current time"
        return None

    def _content(self, asked: Asked) -> tuple[int, str] | None:
        kind = asked.json.get("msg_type")
        if len(asked.body) > 20 * 1024 or kind not in ("text", "interactive"):
            return 9499, "Bad Request"
        if kind == "text" and not asked.json.get("content", {}).get("text"):
            return 9499, "Bad Request"
        if kind == "interactive" and not asked.json.get("card", {}).get("elements"):
            return 11246, "Failed to create card content"
        if self.keyword and self.keyword not in asked.body.decode():
            return 19024, "Key Words Not Found"
        return None

    def _pace(self, asked: Asked) -> tuple[int, str] | None:
        self.sent += 1
        if self.sent > 100:
            return 11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"
        return None


def _their_feishu(base: str) -> Any:
    plugin: Any = Apprise.instantiate(f"feishu://{TOKEN}")
    plugin.notify_url = base + HOOK + "{token}/"
    return plugin


def _their_lark(base: str) -> Any:
    plugin: Any = Apprise.instantiate(f"lark://{TOKEN}")
    plugin.webhook_url = base + HOOK + TOKEN
    return plugin


_MINUTE = timedelta(minutes=1)
_REFUSALS = [
    Case("signed robot", (SENT,), how=given(secret=SECRET)),
    refusal("keyword missing", given(keyword="创城"), MISCONFIGURED, "关键词"),
    refusal("wrong signature", given(secret="other"), MISCONFIGURED, "签名密钥"),
    refusal("clock an hour off", given(ahead=3700, secret=SECRET), MISCONFIGURED, "校准服务器时间"),
    refusal("IP not allowed", given(allowed="10.0.0.1"), MISCONFIGURED, "白名单"),
    refusal("unknown token", given(token="other"), MISCONFIGURED, "Webhook 地址无效"),
    refusal("too fast", given(sent=100), TOO_FAST, "限流", again=_MINUTE),
    refusal(
        "too many requests", given(says=(9499, "too many request")), TOO_FAST, "限流", again=_MINUTE
    ),
    refusal("bad request", given(says=(9499, "Bad Request")), PERMANENT, "格式"),
    refusal("card refused", given(says=(11246, "card content error")), PERMANENT, "卡片"),
    refusal("not in the group", given(says=(230002, "Bot is not in group")), MISCONFIGURED, "群里"),
]

# Apprise has no signature for either: its plugins only reach robots without one.
SUBJECT = Subject(
    "feishu",
    Feishu,
    lambda base: f"feishu://{SECRET}@{TOKEN}?base={base}",
    _REFUSALS,
    (SECRET, TOKEN),
    _their_feishu,
    eased=given(secret=""),
)

LARK = Subject(
    "lark",
    Feishu,
    lambda base: f"lark://{SECRET}@{TOKEN}?base={base}",
    _REFUSALS,
    (SECRET, TOKEN),
    _their_lark,
    eased=given(secret=""),
)
