"""Which column of a ledger says what: the names offices give their columns."""

import re
from collections.abc import Sequence
from functools import cache

from documents.paper import REASON
from documents.text import label

SYNONYMS: dict[str, str] = {
    # Per field the names in use, the preferred first.
    "place": (
        "具体点位 点位名称 点位 问题点位 检查点位 督查点位 测评点位 实地点位 点位(场所) "
        "问题位置 问题地点 发生地点 隐患地点 检查地点 具体地点 地点 隐患位置 隐患部位 "
        "排查部位 部位 位置 问题地址 案发地址 事发地址 事发地点 地址 场所 检查场所 场所名称 "
        "道路名称 路段 小区名称 受检单位 被检单位 被检查单位 被查单位"
    ),
    "spot": "具体位置 位置描述 详细位置 详细地址 具体地址 地址描述 位置说明",
    "problem": (
        "问题详情描述 存在问题 存在的问题 存在主要问题 主要问题 问题描述 问题详情 问题内容 "
        "具体问题 发现问题 发现的问题 检查发现问题 督查发现问题 检查发现的问题 问题清单 "
        "问题及隐患 问题隐患 隐患内容 隐患描述 隐患情况 隐患问题 存在隐患 存在问题隐患 "
        "安全隐患 事件描述 案件描述 情况描述 问题情况 存在问题描述 问题事项 问题 描述"
    ),
    "title": "问题标题 问题名称 隐患名称 标题 事项",
    "lead": "牵头单位 牵头部门 牵头责任单位 主办单位 主责单位",
    "unit": (
        "整改责任单位 问题整改责任单位 责任单位 整改单位 责任部门 整改责任部门 整改部门 "
        "主体责任单位 整改责任主体 责任主体 所属部门 承办单位 处置单位 处置部门 "
        "责任单位部门 责任科室 责任街道 交办单位 单位 部门"
    ),
    "assisting": "协同单位 配合单位 协办单位 协助单位 配合部门 协同部门 协办部门 协助部门",
    "limit": (
        "整改时限 整改期限 时限 期限 整改时限要求 时限要求 完成时限 处置时限 办理时限 "
        "办结时限 整改完成时限 限期 整改时间要求 要求完成时间 规定完成时间 计划完成时间 "
        "整改截止日期 整改截止时间 截止日期 截止时间 整改限期 要求整改时间 限改时间"
    ),
    "found_on": (
        "发现时间 发现日期 检查时间 检查日期 督查时间 督查日期 排查时间 排查日期 巡查时间 "
        "巡查日期 上报时间 上报日期 问题发现时间 日期 时间"
    ),
    "category": (
        "小类 小类名称 问题小类 问题类型 问题类别 问题分类 隐患分类 隐患类型 隐患类别 "
        "事件类型 案件类型 类型 类别 分类 大类 大类名称 问题大类"
    ),
    "area": (
        "区街道社区网格 所属街道 属地街道 街道 街道辖区 镇街 街镇 乡镇街道 街道乡镇 乡镇 镇 "
        "属地 辖区 所属区域 所在区域 区域 片区 所属社区 社区 县区 区县 城区 区"
    ),
    "severity": "严重程度 隐患分级 隐患级别 级别 等级 问题等级 问题级别 紧急程度",
    "number": "问题编号 问题编码 编号 隐患编号 案卷号 案件编号",
    "serial": "序号 项次 No No. 顺序号 排序",
    "inspector": (
        "上报人 检查人 检查人员 发现人 巡查人 巡查员 巡查人员 督查人 督查人员 排查人 采集员 督查员"
    ),
    "remark": (
        "备注 整改情况 整改措施及完成情况 整改措施 整改落实情况 整改进展 整改反馈 "
        "最新整改反馈 完成情况 处理情况 整改结果 说明"
    ),
    "state": "当前状态 整改状态 状态 是否整改 是否完成 是否已整改 是否整改到位",
    "batch": "批次 来源 批次来源 督查批次 检查批次 期数 问题来源 期号",
}
_ENDINGS = (
    (re.compile(r".*责任(?:单位|部门)$"), "unit"),
    (re.compile(r".*(?:配合|协同|协办)(?:单位|部门)$"), "assisting"),
    (re.compile(r".*牵头(?:单位|部门)$"), "lead"),
    (re.compile(r".*点位(?:名称)?$"), "place"),
    (re.compile(r"^(?:存在|发现)的?.{0,4}问题.{0,8}$"), "problem"),
    (re.compile(r".*(?:时限|期限|截止(?:日期|时间))$"), "limit"),
)
_FALLBACK_RANK = 1_000
_LOOKED_FOR = ("place", "problem", "unit", "limit")

Columns = dict[str, list[int]]
"""Where each field stands: column indexes, the preferred first."""


def columns_of(header: Sequence[str]) -> Columns:
    """The fields a row of labels names. Labels nobody knows are left out."""
    ranked: dict[str, list[tuple[int, int]]] = {}
    for index, text in enumerate(header):
        for name, rank in _field(text[:60]) if text else ():
            ranked.setdefault(name, []).append((rank, index))
    return {name: [index for _, index in sorted(found)] for name, found in ranked.items()}


def is_header(columns: Columns) -> bool:
    """A ledger says at least where and what."""
    has_place = "place" in columns or "spot" in columns
    has_problem = "problem" in columns or "title" in columns
    return has_place and has_problem


def looked_for() -> str:
    """The columns a ledger needs and may have, for a refusal."""
    return ";".join("/".join(SYNONYMS[name].split()[:4]) for name in _LOOKED_FOR)


@cache
def _ranks() -> dict[str, tuple[str, int]]:
    return {
        name: (field, rank)
        for field, names in SYNONYMS.items()
        for rank, name in enumerate(names.split())
    }


@cache
def _field(text: str) -> tuple[tuple[str, int], ...]:
    """The field one label names, with its rank among that field's names."""
    full = label(text)
    bare = re.sub(r"[(\[【].*?[)\]】]|\d+$", "", full)
    if REASON in full:
        return ()
    for one in (full, re.sub(r"[/、|]", "", bare), bare, *re.split(r"[/、|及和]", bare)):
        if one in _ranks() and not (one == "序号" and one != bare):
            return (_ranks()[one],)
    return tuple((name, _FALLBACK_RANK) for pattern, name in _ENDINGS if pattern.match(bare))[:1]
