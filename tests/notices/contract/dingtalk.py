"""A DingTalk group robot: its documents are those the true service answers.

https://open.dingtalk.com/document/orgapp/custom-robot-access
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

TOKEN = "0c23f6a1d5e94b7788aa0c23f6a1d5e9"
SECRET = "SEC4f1b2c3d4e5f60718293a4b5c6d7e8f9"
_MORE = "more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"


@dataclass
class DingTalk(StandIn):
    token: str = TOKEN
    secret: str = SECRET
    keyword: str = ""
    allowed: str = "127.0.0.1"
    sent: int = 0
    says: tuple[int, str] | None = None
    ahead: float = 0
    """By how many seconds its clock is ahead of ours."""

    def answer(self, asked: Asked) -> Told:
        if asked.path != "/robot/send":
            return told({"errcode": 404, "errmsg": "请求的URI地址不存在"})
        code, words = self._refusal(asked) or (0, "ok")
        if code == 0:
            self.taken.append(asked.json)
        return told({"errcode": code, "errmsg": words})

    def _refusal(self, asked: Asked) -> tuple[int, str] | None:
        for look in (self._settings, self._signature, self._content, self._pace):
            if refused := look(asked):
                return refused
        return None

    def _settings(self, asked: Asked) -> tuple[int, str] | None:
        if asked.query.get("access_token") != self.token:
            return 300005, "token is not exist"
        if self.allowed != "127.0.0.1":
            return 310000, f"ip 127.0.0.1 not in whitelist, {_MORE}"
        return self.says

    def _signature(self, asked: Asked) -> tuple[int, str] | None:
        if not self.secret:
            return None
        at, given = asked.query.get("timestamp", "0"), asked.query.get("sign", "")
        if abs(time.time() + self.ahead - int(at) / 1000) > 3600:
            return 310000, f"invalid timestamp, {_MORE}"
        code = hmac.new(self.secret.encode(), f"{at}\n{self.secret}".encode(), hashlib.sha256)
        if base64.b64encode(code.digest()).decode() != given:
            return 310000, (
                "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在"
                "调用的网址中，请确认机器人的密钥加密和填写正确;"
            )
        return None

    def _content(self, asked: Asked) -> tuple[int, str] | None:
        if len(asked.body) > 20_000:
            return 460101, "message too long, exceed 20000 bytes"
        document: dict[str, Any] = asked.json
        kind = document.get("msgtype", "")
        shown = document.get(kind) or {}
        needed = {"text": ("content",), "markdown": ("title", "text")}.get(kind, ("",))
        if not all(shown.get(name) for name in needed):
            return 40035, f"缺少参数 {kind}"
        if self.keyword and self.keyword not in "".join(shown.values()):
            return 310000, f"keywords not in content, {_MORE}"
        return None

    def _pace(self, asked: Asked) -> tuple[int, str] | None:
        self.sent += 1
        if self.sent > 20:
            return 130101, "send too fast, exceed 20 times per minute"
        return None


def _theirs(base: str) -> Any:
    plugin: Any = Apprise.instantiate(f"dingtalk://{SECRET}@{TOKEN}/")
    plugin.notify_url = base + "/robot/send?access_token={token}"
    return plugin


_PAUSE = timedelta(minutes=10)
_CHINESE = (
    "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词，"
    "并在发送的信息中包含此关键词;"
)

SUBJECT = Subject(
    "dingtalk",
    DingTalk,
    lambda base: f"dingtalk://{SECRET}@{TOKEN}?base={base}",
    [
        Case("signed robot", (SENT,), how=given(secret=SECRET)),
        refusal("keyword missing", given(keyword="创城"), MISCONFIGURED, "关键词"),
        refusal(
            "keyword missing (中文)",
            given(says=(310000, _CHINESE)),
            MISCONFIGURED,
            "词而消息里没有",
        ),
        refusal("wrong signature", given(secret="SECother"), MISCONFIGURED, "加签密钥"),
        refusal(
            "clock an hour off", given(ahead=3700, secret=SECRET), MISCONFIGURED, "校准服务器时间"
        ),
        refusal("IP not allowed", given(allowed="10.0.0.1"), MISCONFIGURED, "白名单"),
        refusal("unknown token", given(token="other"), MISCONFIGURED, "access_token 不存在"),
        refusal("too fast", given(sent=20), TOO_FAST, "每分钟最多 20 条", again=_PAUSE),
        refusal(
            "limited", given(says=(410100, "发送速度太快而限流")), TOO_FAST, "限流", again=_PAUSE
        ),
        refusal("robot stopped", given(says=(400102, "机器人已停用")), MISCONFIGURED, "已停用"),
        refusal("robot gone", given(says=(400106, "机器人不存在")), MISCONFIGURED, "移出群"),
        refusal("group disbanded", given(says=(400013, "群已被解散")), MISCONFIGURED, "群已解散"),
        refusal("quota used up", given(says=(90030, "webhook over limit")), MISCONFIGURED, "用完"),
        refusal("unfit text", given(says=(430102, "含有不合适的文本")), PERMANENT, "不合适"),
    ],
    (SECRET, TOKEN),
    _theirs,
    # Apprise encodes its signature twice: no signed robot accepts it.
    eased=given(secret=""),
)
