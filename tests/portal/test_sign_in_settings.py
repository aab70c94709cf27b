"""The file of sign-in settings: read, or refused by the name of the key."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.identity import settings
from portal.identity.settings import SignInTrouble

SECRET = "s3cret-of-the-app-NobodyMaySee"
OIDC = {
    "name": "city", "kind": "oidc", "issuer": "https://sso.city.example/realms/city",
    "client_id": "duban", "client_secret": SECRET,
}  # fmt: skip
WECOM = {
    "name": "wecom", "kind": "wecom", "corp_id": "ww01", "agent_id": 1000002, "secret": SECRET,
}  # fmt: skip


def written(folder: Path, content: Any) -> Path:
    file = folder / "sign-in.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return file


def test_a_file_may_be_yaml_or_json(tmp_path: Path) -> None:
    content = {"providers": [OIDC, WECOM], "cookie_secret": "c" * 32}
    read = settings.read(written(tmp_path, content))
    assert read == settings.read(written(tmp_path, json.dumps(content, indent="\t")))
    assert [house.name for house in read.providers] == ["city", "wecom"]


def test_a_house_has_a_label_in_both_languages(tmp_path: Path) -> None:
    named = OIDC | {"label": {"zh": "政务平台", "en": "City account"}}
    [ours, plain] = settings.read(written(tmp_path, {"providers": [named, WECOM]})).providers
    assert (ours.label.zh, ours.label.en) == ("政务平台", "City account")
    assert (plain.label.zh, plain.label.en) == ("企业微信", "WeCom")


def test_what_is_printed_of_the_settings_holds_no_secret(tmp_path: Path) -> None:
    read = settings.read(
        written(tmp_path, {"providers": [OIDC, WECOM], "cookie_secret": SECRET + SECRET})
    )
    assert SECRET not in repr(read) + str(read) + read.model_dump_json()


def house(**changes: Any) -> dict[str, Any]:
    changed = {name: value for name, value in (OIDC | changes).items() if value is not None}
    return {"providers": [changed]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("providers: [", "不是合法的 YAML"),
        ('{"providers": [}', "不是合法的 JSON"),
        ("- a list", "值不合要求"),
        ({"provider": []}, "provider：没有这一项设置"),
        ({"providers": {}}, "providers：须为列表"),
        ({"providers": [OIDC, dict(OIDC)]}, "providers：须为列表，各项 name 不得相同"),
        ({"cookie_secret": SECRET}, "cookie_secret：须为至少 32 个字符"),
        (house(kind=None), "providers[1]：缺 kind"),
        (house(kind="github"), "providers[1]：kind 须为"),
        (house(name="City SSO"), "providers[1].name：须为小写字母开头"),
        (house(issuer=None), "providers[1].issuer：缺这一项"),
        (house(issuer="http://sso.city.example"), "providers[1].issuer：须为以 https:// 开头"),
        (house(issuer="sso.city.example"), "providers[1].issuer：须为以 https:// 开头"),
        (house(issuer="ftp://127.0.0.1"), "providers[1].issuer：须为以 https:// 开头"),
        (house(client_secret=None), "providers[1].client_secret：缺这一项"),
        (house(client_secret="short"), "providers[1].client_secret：值不合要求"),
        (house(client_secret=[SECRET]), "providers[1].client_secret：值不合要求"),
        (house(secret=SECRET), "providers[1].secret：没有这一项设置"),
        (house(label="平台"), "providers[1].label：须写作"),
        (house(label={"zh": "平台"}), "providers[1].label.en：缺这一项"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_will_not_do_is_refused_by_the_name_of_the_key(
    tmp_path: Path, content: Any, words: str
) -> None:
    with pytest.raises(SignInTrouble) as caught:
        settings.read(written(tmp_path, content))
    assert words in caught.value.words.zh
    assert "sign-in.yaml" in caught.value.words.en
    assert SECRET not in "".join(caught.value.words)
    assert caught.value.__cause__ is None


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SignInTrouble, match="文件读不出"):
        settings.read(tmp_path / "sign-in.yaml")
