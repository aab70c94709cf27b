"""The channels of our own, by the beginning of their addresses."""

from collections.abc import Mapping
from types import MappingProxyType

from notices.channels.dingtalk import DingTalk
from notices.channels.feishu import Feishu, Lark
from notices.channels.folder import Folder
from notices.channels.mail import Mail
from notices.channels.plugin import Plugin
from notices.channels.serverchan import ServerChan
from notices.channels.sms import SMS
from notices.channels.sms_aliyun import AliyunSMS
from notices.channels.sms_tencent import TencentSMS
from notices.channels.wecom import WeComRobot
from notices.channels.wecom_app import WeComApp

_KINDS: tuple[type[Plugin], ...] = (
    Folder,
    Mail,
    DingTalk,
    WeComRobot,
    WeComApp,
    Feishu,
    Lark,
    ServerChan,
    SMS,
    AliyunSMS,
    TencentSMS,
)

OURS: Mapping[str, type[Plugin]] = MappingProxyType(
    {scheme: kind for kind in _KINDS for scheme in kind.SCHEMES}
)
