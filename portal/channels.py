"""渠道的叫法: what people call a channel, by the beginning of its (masked) address."""

from collections.abc import Mapping

from models.words import Words

_CALLED: Mapping[str, Words] = {
    "dingtalk": Words("钉钉机器人", "DingTalk robot"),
    "wecombot": Words("企业微信机器人", "WeCom robot"),
    "wecomapp": Words("企业微信应用", "WeCom application"),
    "feishu": Words("飞书机器人", "Feishu robot"),
    "lark": Words("Lark 机器人", "Lark robot"),
    "schan": Words("Server酱", "ServerChan"),
    "sms": Words("短信", "text message"),
    "smss": Words("短信", "text message"),
    "aliyunsms": Words("阿里云短信", "Aliyun text message"),
    "tencentsms": Words("腾讯云短信", "Tencent text message"),
    "mailto": Words("邮件", "mail"),
    "mailtos": Words("邮件", "mail"),
    "json": Words("接口", "interface"),
    "jsons": Words("接口", "interface"),
    "folder": Words("本机文件夹", "local folder"),
    "pushplus": Words("PushPlus", "PushPlus"),
}


def called(channel: str) -> Words:
    """The channel of an address; its scheme where it has no name of its own."""
    scheme = channel.partition(":")[0].lower()
    return _CALLED.get(scheme, Words(scheme or "渠道", scheme or "channel"))


def kinds() -> list[tuple[str, Words]]:
    """Every kind of channel that has a name, by the beginning of its addresses."""
    return list(_CALLED.items())
