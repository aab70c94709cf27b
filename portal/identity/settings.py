"""Which houses may vouch: one file, named by DUBAN_SIGN_IN_FILE, YAML or JSON."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from models.words import Trouble, Words
from rules import plain_yaml


class SignInTrouble(Trouble):
    """A file of sign-in settings that cannot be used; names the key, never a value."""


def safe(text: str) -> str:
    """The address, if what is sent there cannot be read on the way. Raises ValueError."""
    parts = urlsplit(text)
    safe = parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not safe or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    return text


Address = Annotated[str, Field(max_length=200), AfterValidator(safe)]
Named = Annotated[str, Field(min_length=1, max_length=150)]
Secret = Annotated[SecretStr, Field(min_length=8, max_length=500)]


class _Plain(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True
    )


class _House(_Plain):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]


class Oidc(_House):
    """A house that speaks OpenID Connect. `issuer` is exactly as its discovery document has it."""

    kind: Literal["oidc"]
    label: Words = Words("统一身份认证", "Single sign-on")
    issuer: Address
    client_id: Named
    client_secret: Secret
    scopes: str = "openid profile"


class WeCom(_House):
    """企业微信: an app of a company's own (自建应用)."""

    kind: Literal["wecom"]
    label: Words = Words("企业微信", "WeCom")
    corp_id: Named
    agent_id: Named
    secret: Secret
    login_url: Address = "https://login.work.weixin.qq.com"
    inside_url: Address = "https://open.weixin.qq.com"
    """Where to go from a browser inside WeCom: there nobody needs to scan a code."""
    api_url: Address = "https://qyapi.weixin.qq.com"


class DingTalk(_House):
    """钉钉: an internal app of an organisation (企业内部应用)."""

    kind: Literal["dingtalk"]
    label: Words = Words("钉钉", "DingTalk")
    client_id: Named
    client_secret: Secret
    issuer: Annotated[str, Field(max_length=200)] = ""
    """Under which name links are kept. Empty: of the app; unionIds outlive it."""
    login_url: Address = "https://login.dingtalk.com"
    api_url: Address = "https://api.dingtalk.com"


class Feishu(_House):
    """飞书: an app of an organisation's own (企业自建应用); with other addresses, Lark."""

    kind: Literal["feishu"]
    label: Words = Words("飞书", "Feishu")
    app_id: Named
    app_secret: Secret
    issuer: Annotated[str, Field(max_length=200)] = ""
    """Under which name links are kept. Empty: of the app; union_ids outlive it."""
    login_url: Address = "https://accounts.feishu.cn"
    api_url: Address = "https://open.feishu.cn"


House = Annotated[Oidc | WeCom | DingTalk | Feishu, Field(discriminator="kind")]


class SignIn(_Plain):
    """The whole file. Without `cookie_secret` each process signs with a secret of its own."""

    providers: Annotated[tuple[House, ...], Field(max_length=20)] = ()
    cookie_secret: Annotated[SecretStr, Field(min_length=32, max_length=500)] | None = None

    @field_validator("providers")
    @classmethod
    def _told_apart(cls, houses: tuple[House, ...]) -> tuple[House, ...]:
        if len({house.name for house in houses}) < len(houses):
            raise ValueError
        return houses


def read(file: Path) -> SignIn:
    """The settings in a file. Raises SignInTrouble."""
    try:
        content = _load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise _trouble(file, "", "文件读不出", "the file cannot be read") from None
    except plain_yaml.NotPlain as trouble:
        raise _trouble(file, f":{trouble.line}", *trouble.words) from None
    try:
        return SignIn.model_validate(content)
    except ValidationError as errors:
        raise _named(file, errors) from None


def _load(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return plain_yaml.load(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise plain_yaml.NotPlain("不是合法的 JSON", "not valid JSON", error.lineno) from None


_RULES = {
    "missing": Words("缺这一项", "it is missing"),
    "extra_forbidden": Words("没有这一项设置", "there is no such setting"),
    "union_tag_not_found": Words("缺 kind", "its kind is missing"),
    "union_tag_invalid": Words(
        "kind 须为 oidc、wecom、dingtalk 或 feishu",
        "the kind must be oidc, wecom, dingtalk or feishu",
    ),
}
_BY_KEY = {
    "name": Words(
        "须为小写字母开头的小写字母、数字和连字符，至多 30 个",
        "at most 30 lower-case letters, digits and hyphens, a letter first",
    ),
    "providers": Words(
        "须为列表，各项 name 不得相同", "a list is expected, of which no two have the same name"
    ),
    "cookie_secret": Words("须为至少 32 个字符", "at least 32 characters are expected"),
    "label": Words("须写作 {zh: 中文, en: 英文}", "write {zh: …, en: …}"),
}
_ADDRESS = Words(
    "须为以 https:// 开头的地址（本机 127.0.0.1 除外）",
    "an address beginning with https:// is expected (save on 127.0.0.1)",
)
_OTHER = Words("值不合要求（空、太短或太长）", "the value will not do (empty, too short, too long)")


def _named(file: Path, errors: ValidationError) -> SignInTrouble:
    # Values are never repeated: they may be secrets.
    first = errors.errors(include_input=False, include_url=False)[0]
    where = [part for part in first["loc"] if part not in ("oidc", "wecom", "dingtalk", "feishu")]
    keys = [part for part in where if isinstance(part, str)]
    key = keys[-1] if keys else ""
    by_key = _ADDRESS if key.endswith("_url") or key == "issuer" else _BY_KEY.get(key, _OTHER)
    rule = _RULES.get(first["type"]) or next((_BY_KEY[k] for k in keys if k == "label"), by_key)
    path = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    return _trouble(file, f" {path.lstrip('.')}".rstrip(), *rule)


def _trouble(file: Path, where: str, zh: str, en: str) -> SignInTrouble:
    return SignInTrouble(
        f"外部登录设置 {file.name}{where}：{zh}。请改正（写法见 docs/sign-in.md）后重启门户。",
        f"Sign-in settings {file.name}{where}: {en}. Correct it (docs/sign-in.md shows how) and "
        "restart the portal.",
    )
