"""飞书与 Lark 群自定义机器人: feishu://[SECRET@]TOKEN, lark://…, signed, and its answers read."""

import base64
import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any

from notices.channels.answers import Answer
from notices.channels.codes import MISCONFIGURED, PERMANENT, TEMPORARY, TOO_FAST, Code, Table
from notices.channels.http import post
from notices.channels.plugin import Rate
from notices.channels.robot import Robot, cut, words
from notices.message import Message

# A request may have 20 KB; what is left over is for the card around the text and its escapes.
SIZE = 15_000
MINUTE = timedelta(minutes=1)

_SECURITY = "在飞书群设置 > 群机器人 > 安全设置中"

CODES = Table(
    (
        Code(
            19021,
            MISCONFIGURED,
            "签名不对，或服务器时间与飞书相差一小时以上："
            f"请{_SECURITY}核对签名密钥（填在渠道地址的 @ 之前），并校准服务器时间",
        ),
        Code(
            19022,
            MISCONFIGURED,
            f"本服务器的 IP 不在机器人的白名单：请{_SECURITY}加上服务器的出口 IP",
        ),
        Code(
            19024,
            MISCONFIGURED,
            "机器人设了关键词而消息里没有："
            f"请{_SECURITY}加一个每条消息都有的词（如“督办”），或改用签名校验",
        ),
        Code(19001, MISCONFIGURED, "机器人的 Webhook 地址无效：请从群机器人页重新复制", "token"),
        Code(19001, PERMANENT, "消息的参数不被接受"),
        Code(19002, PERMANENT, "消息的参数不被接受"),
        Code(19007, MISCONFIGURED, "机器人已停用：请在群机器人页启用它"),
        Code(9499, TOO_FAST, "发送过快，被飞书限流", "too many|frequency", again=MINUTE),
        Code(9499, PERMANENT, "请求格式不被接受，或超过 20 KB"),
        Code(
            11232,
            TOO_FAST,
            "发送过快，被飞书限流（每分钟 100 条、每秒 5 条；整点和半点更易限流）",
            again=MINUTE,
        ),
        Code(11233, TOO_FAST, "群内消息过多，被飞书限流", again=MINUTE),
        Code(11246, PERMANENT, "消息卡片的内容不被接受"),
        Code(11310, PERMANENT, "消息卡片里的表格太多"),
        Code(230020, TOO_FAST, "群内消息过多，被飞书限流", again=MINUTE),
        Code(230025, PERMANENT, "消息超过飞书的长度限制"),
        Code(230028, PERMANENT, "消息未通过飞书的内容审核"),
        Code(230099, PERMANENT, "消息卡片无法生成"),
        Code(230001, PERMANENT, "消息的参数不被接受"),
        Code(230002, MISCONFIGURED, "机器人不在群里：请在群里重新添加机器人并更新渠道地址"),
        Code(230006, MISCONFIGURED, "机器人能力未启用：请在群机器人页启用它"),
        Code(230018, MISCONFIGURED, "群里不准机器人发言：请群主放开发言限制"),
        Code(230035, MISCONFIGURED, "机器人没有在该群发消息的权限：请群主放开发言限制"),
        Code(2200, TEMPORARY, "飞书内部错误"),
    ),
    code="code",
    text="msg",
)


class Feishu(Robot):  # type: ignore[no-untyped-call]
    """A custom robot of one Feishu group.

    Messages, limits (100 a minute, 5 a second, 20 KB) and codes:
    https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot; 230xxx:
    https://open.feishu.cn/document/server-docs/im-v1/message/create; what it says in fact:
    https://github.com/openclaw/openclaw/issues/70879 (11232, 2200),
    https://github.com/sipeed/picoclaw/issues/1727 (230099).
    """

    SCHEMES = ("feishu",)
    # 100 a minute, 5 a second: 5 at once and 95 a minute never make 101.
    RATE = Rate(95, 5)
    GROUP = True
    BASE = "https://open.feishu.cn"
    service_name: Any = "Feishu"
    secure_protocol: Any = "feishu"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.targets:
            raise TypeError("a Feishu robot has no path")

    def bring(self, message: Message) -> Answer:
        """Post to the group. Raises what requests raises."""
        url = f"{self.base}/open-apis/bot/v2/hook/{self.token}"
        return CODES.read(post(self, url, self._signed() | self._document(message)))

    def _document(self, message: Message) -> dict[str, Any]:
        if self.plain or not message.markdown:
            return {
                "msg_type": "text",
                "content": {"text": cut(words(message), SIZE, message.lang)},
            }
        card = {
            "header": {"title": {"tag": "plain_text", "content": message.subject}},
            "elements": [{"tag": "markdown", "content": cut(message.markdown, SIZE, message.lang)}],
        }
        return {"msg_type": "interactive", "card": card}

    def _signed(self) -> dict[str, str]:
        if not self.secret:
            return {}
        at = str(int(time.time()))
        return {"timestamp": at, "sign": sign(self.secret, at)}


class Lark(Feishu):  # type: ignore[no-untyped-call]
    """The same robot in Lark, Feishu's name abroad."""

    SCHEMES = ("lark",)
    BASE = "https://open.larksuite.com"
    service_name: Any = "Lark"
    secure_protocol: Any = "lark"


def sign(secret: str, at: str) -> str:
    """HMAC-SHA256 of nothing, with "timestamp\\nsecret" as key; `at` in seconds.

    The reverse of what DingTalk does: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
    """
    code = hmac.new(f"{at}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(code.digest()).decode()
