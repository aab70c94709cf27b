"""Names of areas, sites and offices, told apart by how they end."""

import re

from documents.text import flat, simplify

_COUNT = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")
_NUMBERED = re.compile(
    r"^\s*(?:[(（]?[一二三四五六七八九十\d]{1,3}[)）]?\s*[、.．)）]\s*|[(（][一二三四五六七八九十\d]+[)）])"
)
_AREA_END = re.compile(
    r"(?:街道|街道办|街道办事处|镇|乡|区|县|市|社区|村|新城|片区|开发区|管委会)$"
)
_NOT_AREA = re.compile(
    r"(?:小区|校区|景区|厂区|院区|病区|服务区|住宅区|宿舍区|生活区|休息区|等候区|库区|山区|禁烟区|停车区"
    r"|超市|菜市|城市|夜市|门市|市区|辖区|棚户区|住院区|候车区|作业区|施工区|老旧小区)$"
)
_SITE_END = re.compile(
    r"(?:馆|院|校|学|园|场|路|街|巷|弄|站|厅|店|楼|桥|小区|社区|村|中心|广场|口|段|处|所|号|幢|栋|城|市场"
    r"|公司|银行|网吧|工地|酒店|宾馆|饭店|商场|超市|大厦|花园|公寓|苑|庭|里|坊|河|湖|江|堤|侧|旁|边|对面|附近"
    r"|公厕|厕所|车站|景区|局|政府|府|隧道|码头|机场|大道|大街|胡同|门|层|室|角|区|墙)$"
)
_OFFICE_END = re.compile(
    r"(?:局|委|办|委员会|办公室|公司|集团|支队|大队|中队|中心|管理处|管委会|联社|总队|部|协会|联合会|政府|办事处)$"
)
_GENERIC = re.compile(
    r"(?:问题|情况|方面|要求|建议|措施|榜|类|安排|通报|清单|内容|概况|环境|秩序|如下|单位|卫生|设施|宣传|工作"
    r"|管理|服务|点位|部分|行为|现象|市容市貌|创建|氛围|名单|亮点|做法|成效)$"
)
_KIND = re.compile(
    r"(?:医院|学校|社区|小区|市场|公园|广场|主次干道|背街小巷|农贸市场|公共场所|网吧|车站|工地|商业大街)"
)
_LEAD_OVER = re.compile(r"(?:主要)?(?:存在|发现|有)(?:的|主要|以下|下列|如下|问题|情况|隐患)*$")


def area_of(text: str, *, heading: bool = False) -> str | None:
    """The area a heading names ("一、南汇街道辖区(3处)" → "南汇街道"), or None.

    `heading` says that the paper itself marks the words as a heading, so that any short
    name is believed.
    """
    if not text:
        return None
    name = _NUMBERED.sub("", simplify(text).strip())
    name = _COUNT.sub("", name).rstrip(":： ")
    name = re.sub(r"(?<=[道镇乡区县市])(?:辖区|属地)$", "", name)
    if not name or len(name) > 20 or re.search(r"[。;；,，!！?？]", name):
        return None
    plain = flat(name)
    if _AREA_END.search(plain) and not _NOT_AREA.search(plain):
        return name
    return name if heading else None


def is_site(text: str) -> bool:
    """Whether the words look like a site: "市科技馆", "人民路与解放路交叉口"."""
    return len(text) <= 40 and bool(_SITE_END.search(_COUNT.sub("", text).strip()))


def is_office(text: str) -> bool:
    """Whether the words look like an office: "市城管局"."""
    return len(text) <= 30 and bool(_OFFICE_END.search(_COUNT.sub("", text).strip()))


def is_generic(text: str) -> bool:
    """Whether a heading names neither site nor area: "存在问题", "环境卫生方面"."""
    return bool(_GENERIC.search(_COUNT.sub("", text).strip()))


def is_kind(text: str) -> bool:
    """Whether a heading may name a kind of site rather than one: "医院", "背街小巷"."""
    return bool(_KIND.fullmatch(bare_name(text)))


def site_name(text: str) -> str:
    """A site without what leads over to its problems: "人民路存在以下问题" → "人民路"."""
    name = bare_name(text)
    return _LEAD_OVER.sub("", name) or name


def bare_name(text: str) -> str:
    """A heading without its count or remark in brackets and without its colon."""
    return _COUNT.sub("", text.strip().rstrip(":：")).strip().rstrip(":：")
