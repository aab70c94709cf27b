"""What the classifier promises: sure and right, or left to a person."""

import csv
import re
from math import log
from pathlib import Path

import pytest

from rules.classify import CONFIDENT, NOTHING, CategoryWords, Classifier, Match

REFERENCE = Path(__file__).parents[2] / "deploy/reference/categories.csv"
REAL = Path(__file__).parents[2] / "../shared/data/real_findings.csv"

WRITTEN_BY_HAND = [
    ("S0410",),
    ("C101",),
    ("C401",),
    ("C201",),
    ("B0308-2",),
    ("C301",),
    ("S0299-2",),
    ("S0192",),
    ("C705",),
    ("B0308-1",),
    ("C804",),
    ("C104",),
    ("S0201",),
    ("C201",),
    ("C502",),
    ("C103",),
    ("C102",),
    ("C902", "C901", "C601"),
    ("S0299-2", "C401"),
    ("C202",),
    ("C702", "C706"),
    ("C501", "S0110", "B0408-1", "S0107"),
    ("C704",),
    ("C703",),
    ("C707",),
    ("C803",),
    ("C802",),
    ("S0110",),
    ("C801",),
    ("C712",),
]
"""For each row of the real findings, the category of each of its problems."""

OWN = [
    ("人行道上一块井盖不见了，用树枝插着", "B0123-1"),
    ("雨水篦子被落叶堵死，一下雨就积水", "B0104-2"),
    ("门口污水井盖破了个口子", "B0102-2"),
    ("路灯连续三晚不亮", "B0137-3"),
    ("路灯杆被车撞歪斜", "B0137-1"),
    ("大白天路灯还亮着", "B0137-4"),
    ("健身器材螺丝松动，扶手生锈", "B0146-2"),
    ("公交候车亭座椅损坏、玻璃缺失", "B0204-2"),
    ("盲道砖破损断头", "B0181"),
    ("盲道上停满电动车", "C501"),
    ("公厕地面湿滑有明显异味", "B0301-3"),
    ("公厕内没有洗手液和手纸", "B0301-2"),
    ("男厕水龙头坏了，门锁损坏", "B0301-1"),
    ("垃圾桶缺盖、桶体破损", "B0305-1"),
    ("垃圾桶桶身油污严重", "B0305-3"),
    ("垃圾桶满溢未及时清运", "S0192"),
    ("绿化带内白色垃圾较多", "S0117"),
    ("绿化带黄土裸露面积较大", "B0499-4"),
    ("行道树枯死未更换", "B0402-3"),
    ("树枝过低遮挡红绿灯，需要修剪", "B0402-4"),
    ("公园长椅木板破损", "B0407-1"),
    ("宣传栏玻璃破损", "B0308-1"),
    ("公示栏内容过时，还是去年的", "B0308-2"),
    ("配电箱箱门敞开", "B0128-2"),
    ("过街天桥护栏锈蚀缺失", "B0206-2"),
    ("居民私自搭建彩钢棚", "S0101-2"),
    ("店铺把货架摆到门外经营", "S0405"),
    ("流动摊贩占道叫卖", "S0401"),
    ("烧烤摊油烟扰民", "S0129"),
    ("沿街商户用高音喇叭叫卖", "S0128"),
    ("墙面有牛皮癣小广告", "S0201"),
    ("电线杆上乱张贴", "S0201"),
    ("住户从楼上拉线给电动车充电", "S0108-2"),
    ("空中线缆杂乱垂落", "S0180"),
    ("工地裸土未覆盖扬尘大", "S0304"),
    ("工地围挡破损倾倒", "S0307-2"),
    ("工人没戴安全帽", "C901"),
    ("共享单车乱停在路口", "S0493-1"),
    ("消防车通道被私家车占用", "S0496"),
    ("安全出口被锁闭", "C102"),
    ("楼梯间堆满纸箱，疏散通道不畅", "C102"),
    ("灭火器压力不足", "C101"),
    ("消火栓被杂物遮挡", "C104"),
    ("灭火器无巡查记录", "C103"),
    ("候诊区有人抽烟", "C202"),
    ("电梯口未张贴禁烟标志", "C201"),
    ("志愿服务站无人值守", "C301"),
    ("大厅没有公益广告", "S0299-2"),
    ("核心价值观公益广告褪色破损", "S0299-1"),
    ("投诉电话打不通，没有意见箱", "C401"),
    ("后厨生熟不分、无防蝇设施", "C602"),
    ("从业人员健康证过期", "C601"),
    ("网吧未登记身份证", "C604"),
    ("楼道堆放杂物", "C701"),
    ("楼道里停放电动车", "C105"),
    ("小区外墙破旧脱皮", "C703"),
    ("电表箱门缺失，线头外露", "C705"),
    ("消控室只有一人值班，无值班记录", "C706"),
    ("小区保洁不及时，楼道卫生差", "C707"),
    ("斑马线模糊不清", "C806"),
    ("骑电动车不戴头盔", "C805"),
    ("人行道地砖松动，下雨溅水", "B0284-2"),
    ("车行道坑洼不平", "S0113"),
    ("自来水管爆裂，水流满街", "S0501-1"),
    ("下水道堵塞，污水冒溢", "S0503-1"),
    ("河面漂浮垃圾", "S0125"),
    ("菜市场地面湿滑、活禽现场宰杀", "S0498"),
    ("摩托车停在人行道上", "C804"),
    ("遛狗不牵绳", "S0184"),
    ("居民在绿地种菜", "S0191"),
    ("广场石凳断裂", "B0407-1"),
    ("小区门口的树倒了压到车", "B0402-1"),
    ("变压器旁护栏倾斜", "B0128-1"),
    ("垃圾中转站污水横流、臭味大", "B0304-1"),
    ("路名牌被撞弯", "B0212-1"),
    ("花箱里的花全枯了", "B0405-2"),
    ("河边护栏断了一截", "B0507"),
    ("店招掉字", "B0307-1"),
    ("LED显示屏黑屏", "B0306-3"),
    ("路口红绿灯不亮", "C806"),
    ("有人在树上拉绳晒被子", "S0107"),
    ("施工车辆带泥上路", "S0312"),
    ("夜间十一点仍在施工，噪音扰民", "S0301"),
    ("早餐车占用盲道", "S0491"),
    ("路中间有只死狗", "S0137"),
    ("学校门口摊贩聚集", "C605"),
    ("旧沙发扔在路边多日", "S0135"),
    ("燃气软管老化，无报警器", "C107"),
    ("未见文明餐桌提示牌", "C305"),
    ("收费标准未公示", "C404"),
    ("毒饵站里没有药", "C607"),
    ("泔水倒进雨水口", "S0131"),
    ("单元门损坏，对讲失灵", "C709"),
    ("墙体瓷砖脱落有砸人危险", "S0183"),
    ("地下车库入口积水", "S0506"),
    ("工地食堂卫生差，无健康证", "C601"),
]
"""Findings in words of our own."""

VAGUE = [
    "领导重视不够",
    "台账资料不全",
    "标识不清",
    "现场管理混乱",
    "路灯",
    "路灯有问题",
    "井盖",
    "电动车",
    "护栏",
    "物业",
    "破损",
    "需要整改",
    "很多问题",
    "群众反映强烈",
    "消防",
]
"""Too little for anyone to file by."""


@pytest.fixture(scope="module")
def catalogue() -> list[CategoryWords]:
    with REFERENCE.open(encoding="utf-8", newline="") as lines:
        return [
            CategoryWords(
                row["code"], row["minor"], tuple(row["keywords"].split("|")), row["filing"]
            )
            for row in csv.DictReader(lines)
        ]


@pytest.fixture(scope="module")
def shipped(catalogue: list[CategoryWords]) -> Classifier:
    return Classifier(catalogue)


def small() -> Classifier:
    return Classifier(
        [
            CategoryWords("L1", "路灯（不亮）", ("路灯", "不亮", "缺亮")),
            CategoryWords("L2", "路灯（倾斜）", ("路灯", "倾斜", "歪斜")),
            CategoryWords("F", "灭火器过期", ("灭火器", "过期")),
            CategoryWords("T", "公共厕所", ("公厕", "异味")),
            CategoryWords("G", "垃圾站", ("垃圾站", "异味")),
        ]
    )


def test_nine_in_ten_sure_answers_on_findings_of_our_own_are_right(shipped: Classifier) -> None:
    answers = [(shipped.match(problem), code) for problem, code in OWN]
    sure = [(match.code, code) for match, code in answers if match.confidence >= CONFIDENT]
    assert len(sure) >= 0.7 * len(OWN)
    assert sum(given == code for given, code in sure) >= 0.9 * len(sure)


def test_sure_answers_on_findings_of_real_inspections_are_right(shipped: Classifier) -> None:
    if not REAL.exists():
        pytest.skip("the real findings are not at hand")
    with REAL.open(encoding="utf-8-sig", newline="") as lines:
        findings = list(csv.DictReader(lines))
    answers = [
        (shipped.match(problem, row["点位"]), code)
        for row, codes in zip(findings, WRITTEN_BY_HAND, strict=True)
        for problem, code in zip(re.split("[;；]", row["存在问题"]), codes, strict=True)
    ]
    sure = [(match.code, code) for match, code in answers if match.confidence >= CONFIDENT]
    assert len(sure) >= 0.8 * len(answers)
    assert sum(given == code for given, code in sure) >= 0.95 * len(sure)


@pytest.mark.parametrize("text", VAGUE)
def test_what_says_too_little_is_left_to_a_person(shipped: Classifier, text: str) -> None:
    assert shipped.match(text).confidence < CONFIDENT


@pytest.mark.parametrize("text", ["", "   ", "。。。", "请尽快", "abc 123", "\x00", "\U0001f6a8"])
def test_a_text_that_fits_nothing_gets_no_category(shipped: Classifier, text: str) -> None:
    assert shipped.match(text) == NOTHING


def test_the_words_that_decided_are_shown() -> None:
    match = small().match("大厅灭火器已经过期")
    assert (match.code, match.because) == ("F", ("灭火器", "过期"))


def test_two_categories_equally_likely_lower_the_confidence() -> None:
    clear = small().match("路灯不亮")
    torn = small().match("路灯不亮，路灯倾斜")
    assert {torn.code, torn.runner_up} == {"L1", "L2"}
    assert torn.confidence < CONFIDENT
    assert torn.confidence < clear.confidence


def test_the_place_tips_the_scales_but_never_decides_alone() -> None:
    assert small().match("有异味", place="人民路公厕").code == "T"
    assert small().match("有异味", place="人民路垃圾站").code == "G"
    assert small().match("地面不平", place="人民路公厕") == NOTHING


def test_full_width_and_traditional_writing_is_read_alike(shipped: Classifier) -> None:
    assert shipped.match("滅火器過期").code == shipped.match("灭火器过期").code == "C101"
    assert shipped.match("ＬＥＤ屏花屏").code == shipped.match("LED屏花屏").code


def test_adding_a_category_of_other_words_changes_no_answer() -> None:
    before = small().match("灭火器过期")
    words = [CategoryWords("F", "灭火器过期", ("灭火器", "过期")), CategoryWords("X", "x", ("雪",))]
    assert Classifier(words).match("灭火器过期").code == before.code


def test_an_empty_catalogue_knows_nothing() -> None:
    assert Classifier([]).match("灭火器过期") == NOTHING
    assert Classifier([]).by_name("灭火器过期") is None


def test_a_category_given_on_paper_is_found_by_name_or_code(
    shipped: Classifier, catalogue: list[CategoryWords]
) -> None:
    for category in catalogue:
        assert shipped.by_name(category.minor) == category.code
        assert shipped.by_name(f" {category.code.lower()} ") == category.code


def test_a_name_shared_by_several_conditions_is_not_guessed() -> None:
    assert small().by_name("路灯") is None
    assert small().by_name("路灯(不亮)") == "L1"
    assert small().by_name("灭火器过期") == "F"
    assert small().by_name("没有这一类") is None


def test_only_the_beginning_of_a_very_long_text_is_read(shipped: Classifier) -> None:
    tail = "。后附会议记录" * 15_000
    assert shipped.match("灭火器过期" + tail).code == "C101"
    assert shipped.match("。" * 300 + "灭火器过期") == NOTHING


# How sure: the figures of the module's comments


def of_ten(*first: CategoryWords) -> Classifier:
    """A catalogue of ten, the last of them of no interest."""
    others = [CategoryWords(f"Z{n}", f"{n}", (f"{n}{n}",)) for n in range(10 - len(first))]
    return Classifier([*first, *others])


@pytest.mark.parametrize(
    ("keyword", "confidence"),
    [
        ("公厕", 1 / (1 + 1.05)),
        ("电动车", 1.5 / (1.5 + 1.05)),
        ("消防通道堵", 2.5 / (2.5 + 1.05)),
        ("消防通道堵塞", 3 / (3 + 1.05)),
        ("消防通道堵塞物", 3 / (3 + 1.05)),
    ],
)
def test_a_longer_keyword_says_more_up_to_six_characters(keyword: str, confidence: float) -> None:
    match = of_ten(CategoryWords("A", "甲", (keyword,))).match(f"有{keyword}")
    assert match == Match("A", round(confidence, 3), None, (keyword,))


def test_a_keyword_of_several_categories_says_less() -> None:
    lamps = [CategoryWords(code, code, ("路灯", f"灯{code}")) for code in "ab"]
    shared = log(11 / 2) / log(11)
    match = of_ten(*lamps).match("路灯，灯a")
    assert (match.code, match.runner_up, match.because) == ("a", "b", ("路灯", "灯a"))
    assert match.confidence == round((shared + 1) / (shared + 1 + 1.05), 3)


def test_a_keyword_told_twice_or_listed_twice_counts_once() -> None:
    once = of_ten(CategoryWords("A", "甲", ("公厕", "异味"))).match("公厕异味")
    assert of_ten(CategoryWords("A", "甲", ("公厕", "异味", "公廁"))).match(
        "异味公厕公厕"
    ) == Match("A", once.confidence, None, ("异味", "公厕"))


def test_a_keyword_of_one_character_is_no_keyword() -> None:
    assert of_ten(CategoryWords("A", "甲", ("灯",))).match("灯不亮") == NOTHING


def test_a_keyword_at_the_very_end_is_found() -> None:
    assert of_ten(CategoryWords("A", "甲", ("公厕",))).match("公厕").code == "A"


def test_two_categories_as_likely_halve_the_confidence_and_the_first_is_named() -> None:
    torn = of_ten(CategoryWords("A", "甲", ("公厕",)), CategoryWords("B", "乙", ("异味",)))
    assert torn.match("异味公厕") == Match("A", round(0.5 / 2.05, 3), "B", ("公厕",))


def test_a_lead_of_a_tenth_of_the_best_is_half_way_to_no_doubt() -> None:
    words = CategoryWords("A", "甲", ("消防通道堵",)), CategoryWords("B", "乙", ("安全出口", "门"))
    match = of_ten(*words).match("消防通道堵，安全出口")
    assert match.confidence == round(2.5 / 3.55 * 1.0, 3)  # leads by a fifth: no doubt
    near = of_ten(
        CategoryWords("A", "甲", ("消防通道堵", "消防通道堵了")),
        CategoryWords("B", "乙", ("安全出口", "电动车", "充电器")),
    ).match("消防通道堵了，安全出口，电动车，充电器")
    lead = (5.5 - 5) / 5.5 / 0.2
    assert near.confidence == round(5.5 / 6.55 * (0.5 + 0.5 * lead), 3)


def test_the_words_of_a_name_and_a_filing_condition_add_a_little() -> None:
    words = CategoryWords("A", "公厕脏乱", ("异味",), "地面湿滑")
    plain, named = (of_ten(words).match(text).confidence for text in ("异味", "公厕异味湿滑"))
    assert plain == round(1 / 2.05, 3)
    assert named == round(1.24 / 2.29, 3)


def test_a_word_across_punctuation_is_none() -> None:
    words = CategoryWords("A", "公厕。脏", ("异味",), "湿")
    assert of_ten(words).match("异味厕脏，脏湿").confidence == round(1 / 2.05, 3)


def test_a_piece_of_many_categories_tells_nothing_and_of_twelve_a_little() -> None:
    def of_many(number: int) -> float:
        same = [CategoryWords(f"C{n}", "设施", (f"词{chr(0x4E00 + n)}",)) for n in range(number)]
        return Classifier(same).match("词一设施").confidence

    share = 0.12 * log(13 / 12) / log(13)
    assert of_many(13) == round(1 / 2.05, 3)
    assert of_many(12) == round((1 + share) / (1 + share + 1.05), 3)


def test_a_place_counts_two_fifths_of_a_problem_and_only_for_what_the_problem_names() -> None:
    two = CategoryWords("A", "甲", ("异味", "公厕")), CategoryWords("B", "乙", ("垃圾",))
    assert of_ten(*two).match("异味", "公厕").confidence == round(1.4 / 2.45, 3)
    assert of_ten(*two).match("异味", "公厕垃圾").runner_up is None
    assert of_ten(*two).match("异味", "公厕").because == ("异味",)
    assert of_ten(*two).match("异味", "。" * 299 + "公厕").confidence == round(1 / 2.05, 3)


def test_three_hundred_characters_are_read() -> None:
    one = of_ten(CategoryWords("A", "甲", ("异味",)))
    assert one.match("。" * 298 + "异味").code == "A"
    assert one.match("。" * 299 + "异味") == NOTHING


# Names on paper


def test_a_name_is_known_without_its_condition_where_only_one_has_it() -> None:
    names = Classifier(
        [
            CategoryWords("A", "路灯（不亮）", ()),
            CategoryWords("B", "路灯（倾斜）", ()),
            CategoryWords("C", "公 厕（脏）", ()),
        ]
    )
    assert names.by_name("公厕") == names.by_name(" 公厕(脏) ") == names.by_name("c") == "C"
    assert names.by_name("路灯") is None


def test_a_code_and_a_full_name_go_before_a_bare_name() -> None:
    names = Classifier(
        [
            CategoryWords("A", "B（旧）", ()),
            CategoryWords("B", "公厕", ()),
            CategoryWords("C", "A", ()),
        ]
    )
    assert names.by_name("b") == "B"
    assert names.by_name("a") == "A"
    assert names.by_name("B（旧）") == "A"
