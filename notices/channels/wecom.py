"""企业微信群机器人: wecombot://KEY, cut to what it takes, and its answers read."""

from datetime import timedelta
from types import MappingProxyType
from typing import Any

from notices.channels.answers import Answer
from notices.channels.codes import MISCONFIGURED, PERMANENT, TEMPORARY, TOO_FAST, Code, Table
from notices.channels.http import post
from notices.channels.plugin import Rate
from notices.channels.robot import Robot, cut, headed, words
from notices.message import Message

SIZES = MappingProxyType({"text": 2048, "markdown": 4096})
"""In bytes of UTF-8."""
MINUTE = timedelta(minutes=1)

# Every service of WeCom says these.
COMMON = (
    Code(45009, TOO_FAST, "发送过快，被企业微信限流，一分钟后再试", again=MINUTE),
    Code(45033, TOO_FAST, "同时发送过多，被企业微信限流", again=MINUTE),
    Code(40008, PERMANENT, "企业微信不支持这种消息类型"),
    Code(44004, PERMANENT, "消息内容为空"),
    Code(45002, PERMANENT, "消息太长"),
    Code(40058, PERMANENT, "消息太长", "exceed max length"),
    Code(40058, PERMANENT, "消息的参数不被接受"),
    Code(-1, TEMPORARY, "企业微信系统繁忙"),
)

CODES = Table(
    (
        Code(
            93000,
            MISCONFIGURED,
            "机器人的 Webhook 地址无效，或机器人已被移出群：请在群里重新添加机器人并更新渠道地址",
        ),
        Code(93008, MISCONFIGURED, "机器人不在群里：请在群里重新添加机器人并更新渠道地址"),
        Code(40001, MISCONFIGURED, "机器人的 key 不对：请从机器人资料页重新复制 Webhook 地址"),
        Code(93004, MISCONFIGURED, "机器人被停用：请在企业微信管理后台启用群机器人"),
        *COMMON,
    )
)


class WeComRobot(Robot):  # type: ignore[no-untyped-call]
    """A robot of one WeCom group.

    Messages and limits (20 a minute; text 2048, Markdown 4096 bytes of UTF-8):
    https://developer.work.weixin.qq.com/document/path/91770; codes:
    https://developer.work.weixin.qq.com/document/path/90313 and
    https://github.com/wes-lin/Cloud189Checkin/issues/175 (93000),
    https://github.com/dromara/domain-admin/issues/82 (40058).
    """

    SCHEMES = ("wecombot",)
    # 20 a minute: 5 at once and 15 a minute never make 21.
    RATE = Rate(15, 5)
    GROUP = True
    BASE = "https://qyapi.weixin.qq.com"
    service_name: Any = "WeCom Bot"
    secure_protocol: Any = "wecombot"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.secret or self.targets:
            raise TypeError("a WeCom robot has a key and nothing else")

    def bring(self, message: Message) -> Answer:
        """Post to the group. Raises what requests raises."""
        url = f"{self.base}/cgi-bin/webhook/send"
        return CODES.read(post(self, url, self._document(message), params={"key": self.token}))

    def _document(self, message: Message) -> dict[str, Any]:
        form = "text" if self.plain or not message.markdown else "markdown"
        text = words(message) if form == "text" else headed(message)
        return {"msgtype": form, form: {"content": cut(text, SIZES[form], message.lang)}}
