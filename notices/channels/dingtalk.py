"""钉钉群自定义机器人: dingtalk://[SECRET@]TOKEN[/mobile…], signed, and its answers read."""

import base64
import hashlib
import hmac
import re
import time
from datetime import timedelta
from typing import Any

from notices.channels.answers import Answer
from notices.channels.codes import MISCONFIGURED, PERMANENT, TEMPORARY, TOO_FAST, Code, Table
from notices.channels.http import post
from notices.channels.plugin import Rate
from notices.channels.robot import Robot, cut, headed, words
from notices.message import Message

# "message too long, exceed 20000 bytes" is said of the whole request.
SIZE = 16_000
SILENCE = timedelta(minutes=10)

_SECURITY = "在钉钉群设置 > 机器人 > 安全设置中"

CODES = Table(
    (
        Code(
            310000,
            MISCONFIGURED,
            "机器人设了关键词而消息里没有："
            f"请{_SECURITY}加一个每条消息都有的词（如“督办”），或改用加签",
            "keyword|关键词",
        ),
        Code(
            310000,
            MISCONFIGURED,
            "签名的时间与钉钉相差一小时以上：请校准服务器时间",
            "timestamp|过期|时间戳无效",
        ),
        Code(
            310000,
            MISCONFIGURED,
            f"签名不对：请{_SECURITY}核对加签密钥（SEC 开头），填在渠道地址的 @ 之前",
            "sign|签名",
        ),
        Code(
            310000,
            MISCONFIGURED,
            f"本服务器的 IP 不在机器人的白名单：请{_SECURITY}加上服务器的出口 IP",
            r"\bip\b|白名单",
        ),
        Code(310000, MISCONFIGURED, f"消息未通过机器人的安全设置：请{_SECURITY}逐项核对"),
        Code(130101, TOO_FAST, "发送过快，机器人每分钟最多 20 条，最长停发 10 分钟", again=SILENCE),
        Code(410100, TOO_FAST, "发送过快，被钉钉限流，最长停发 10 分钟", again=SILENCE),
        Code(90018, TOO_FAST, "调用过于频繁，被钉钉限流", again=timedelta(minutes=1)),
        Code(
            90030,
            MISCONFIGURED,
            "本组织当月的 Webhook 调用次数已用完：请向钉钉购买次数或改用其他渠道",
        ),
        Code(
            300001,
            MISCONFIGURED,
            "机器人的 access_token 不存在：请从群设置重新复制 Webhook 地址",
            "token",
        ),
        Code(
            300005,
            MISCONFIGURED,
            "机器人的 access_token 不存在：请从群设置重新复制 Webhook 地址",
            "token",
        ),
        Code(
            400101, MISCONFIGURED, "机器人的 access_token 不存在：请从群设置重新复制 Webhook 地址"
        ),
        Code(400102, MISCONFIGURED, "机器人已停用：请在群设置 > 机器人中启用它"),
        Code(400106, MISCONFIGURED, "机器人不存在：它可能已被移出群，请重新添加并更新渠道地址"),
        Code(400013, MISCONFIGURED, "群已解散：请给此人换一个渠道"),
        Code(400105, PERMANENT, "钉钉不支持这种消息类型"),
        Code(40035, PERMANENT, "消息缺少参数，钉钉无法识别"),
        Code(43004, PERMANENT, "请求头不被接受"),
        Code(101002, PERMANENT, "消息太长"),
        Code(460101, PERMANENT, "消息太长，钉钉限 20000 字节"),
        Code(
            430101, PERMANENT, "消息含有钉钉认为不安全的外链：请联系钉钉把督办系统的域名加入白名单"
        ),
        Code(430102, PERMANENT, "消息含有钉钉认为不合适的文字"),
        Code(430103, PERMANENT, "消息含有钉钉认为不合适的图片"),
        Code(430104, PERMANENT, "消息含有钉钉认为不合适的内容"),
        Code(-1, TEMPORARY, "钉钉系统繁忙"),
    )
)


class DingTalk(Robot):  # type: ignore[no-untyped-call]
    """A custom robot of one DingTalk group; the path names mobile numbers to be called with @.

    Messages, limits and codes: https://open.dingtalk.com/document/orgapp/custom-robot-access and
    https://open.dingtalk.com/document/orgapp/customize-robot-security-settings. What it says in
    fact (in English or Chinese, by the age of the robot):
    https://github.com/qd-today/qd/issues/510, https://github.com/jenkinsci/dingtalk-plugin/issues/116,
    https://github.com/timonwong/prometheus-webhook-dingtalk/issues/30 (460101).
    """

    SCHEMES = ("dingtalk",)
    # 20 a minute, then up to ten minutes of silence: 5 at once and 15 a minute never make 21.
    RATE = Rate(15, 5)
    GROUP = True
    BASE = "https://oapi.dingtalk.com"
    service_name: Any = "DingTalk"
    secure_protocol: Any = "dingtalk"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.targets = tuple(_mobile(target) for target in self.targets)

    def bring(self, message: Message) -> Answer:
        """Post to the group. Raises what requests raises."""
        asked = {"access_token": self.token} | self._signed()
        reply = post(self, f"{self.base}/robot/send", self._document(message), params=asked)
        return CODES.read(reply)

    def _document(self, message: Message) -> dict[str, Any]:
        at = {"atMobiles": list(self.targets), "isAtAll": False}
        if self.plain or not message.markdown:
            return {
                "msgtype": "text",
                "text": {"content": cut(words(message), SIZE, message.lang)},
                "at": at,
            }
        # In Markdown only whom the text itself names is called.
        called = "".join(f"\n\n@{mobile}" for mobile in self.targets)
        text = cut(headed(message), SIZE, message.lang) + called
        return {
            "msgtype": "markdown",
            "markdown": {"title": message.subject, "text": text},
            "at": at,
        }

    def _signed(self) -> dict[str, str]:
        if not self.secret:
            return {}
        at = str(round(time.time() * 1000))
        return {"timestamp": at, "sign": sign(self.secret, at)}


def sign(secret: str, at: str) -> str:
    """HMAC-SHA256 of "timestamp\\nsecret" with the secret as key; `at` in milliseconds."""
    code = hmac.new(secret.encode(), f"{at}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(code.digest()).decode()


def _mobile(text: str) -> str:
    """The 11 to 14 digits of a mobile number. Raises TypeError."""
    digits = re.sub(r"[\s()+-]", "", text)
    if not re.fullmatch(r"[0-9]{11,14}", digits):
        raise TypeError("no mobile number")
    return digits
