"""Every channel that is held to the contract. A service adds its line."""

from tests.notices.contract import (
    dingtalk,
    feishu,
    mail,
    serverchan,
    sms,
    sms_aliyun,
    sms_tencent,
    webhook,
    wecom,
    wecom_app,
)
from tests.notices.contract.suite import Subject

SUBJECTS: tuple[Subject, ...] = (
    dingtalk.SUBJECT,
    wecom.SUBJECT,
    wecom_app.SUBJECT,
    feishu.SUBJECT,
    feishu.LARK,
    serverchan.SUBJECT,
    sms.SUBJECT,
    sms_aliyun.SUBJECT,
    sms_tencent.SUBJECT,
    webhook.SUBJECT,
    mail.SUBJECT,
)
