"""演示照片里的东西: what is wrong on a street of the demo, drawn as it was and as it is put right.

Flat shapes, enough to be read at a glance; a car is 700 long, a street lamp 660 high.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sin
from random import Random

from PIL import ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
SCALE = 0.8

INK, IRON, STEEL, WHITE = (28, 28, 32), (74, 76, 80), (150, 154, 158), (240, 240, 236)
GREEN, SOIL, AMBER, RED = (54, 120, 70), (122, 92, 62), (250, 214, 110), (196, 52, 44)
BAGS: Sequence[Colour] = ((34, 36, 40), (46, 60, 92), (214, 214, 208), (72, 74, 60))
GOODS: Sequence[Colour] = ((206, 66, 46), (238, 168, 44), (112, 158, 60), (232, 214, 90))
PAINTS: Sequence[Colour] = ((38, 120, 190), (236, 178, 32), (52, 150, 96), (200, 60, 52))
PAPERS: Sequence[Colour] = ((244, 242, 228), (248, 226, 120), (240, 170, 180), (170, 214, 240))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing stands on the picture, its foot at the pixel (x, y), and the pen for it.

    What is drawn is measured from the foot, in units of `SCALE` pixels.
    """

    pen: ImageDraw.ImageDraw
    dice: Random
    x: float
    y: float

    def beside(self, dx: float, dy: float = 0) -> "Spot":
        """A spot that far to the right and below."""
        return replace(self, x=self.x + dx * SCALE, y=self.y + dy * SCALE)

    def somewhere(self, dx: float, dy: float) -> "Spot":
        """A spot at random, at most that far away."""
        return self.beside(self.dice.uniform(-dx, dx), self.dice.uniform(-dy, dy))

    def shape(self, points: Points, fill: Colour) -> None:
        """A polygon; points are relative to the spot."""
        self.pen.polygon(self._on_picture(points), fill=fill)

    def line(self, points: Points, fill: Colour, width: int = 6) -> None:
        """A line with round joints through points relative to the spot."""
        self.pen.line(
            self._on_picture(points), fill=fill, width=round(width * SCALE), joint="curve"
        )

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour) -> None:
        """An upright rectangle, relative to the spot."""
        self.pen.rectangle(self._corners(left, top, right, bottom), fill=fill)

    def oval(self, dx: float, dy: float, half_width: float, half_height: float, fill: Colour,
             rim: Colour | None = None, width: int = 6) -> None:  # fmt: skip
        """An ellipse around a point relative to the spot."""
        left, top = dx - half_width, dy - half_height
        corners = self._corners(left, top, dx + half_width, dy + half_height)
        self.pen.ellipse(corners, fill=fill, outline=rim, width=round(width * SCALE) if rim else 0)

    def _on_picture(self, points: Points) -> list[tuple[float, float]]:
        return [(self.x + dx * SCALE, self.y + dy * SCALE) for dx, dy in points]

    def _corners(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[float, float, float, float]:
        (left, top), (right, bottom) = self._on_picture([(left, top), (right, bottom)])
        return left, top, right, bottom


Painter = Callable[[Spot, bool], None]
"""Draws a thing at a spot, put right or not."""

# -- on the ground -----------------------------------------------------------------------------


def _manhole(spot: Spot, right: bool) -> None:
    spot.oval(0, 0, 170, 60, IRON, STEEL, 12)
    if right:
        _cover(spot)
        return
    spot.oval(0, 4, 142, 46, INK)
    for side in (-1, 1):
        spot.line([(side * 160, 20), (side * 230, 46), (side * 280, 40)], IRON, 5)
    _cover(spot.beside(210, 84))


def _cover(spot: Spot) -> None:
    spot.oval(0, 0, 146, 50, (104, 104, 102), INK, 5)
    for dx in range(-108, 109, 36):
        reach = 40 * (1 - (dx / 150) ** 2) ** 0.5
        spot.line([(dx, -reach), (dx, reach)], IRON, 8)
    spot.line([(-130, 0), (130, 0)], IRON, 8)


def _hole(spot: Spot, right: bool) -> None:
    if right:
        for row, half in enumerate((210, 236, 262)):
            for n in range(-2, 2):
                left, far = n * half / 2, n * half / 2.12
                top, bottom = -70 + row * 46, -28 + row * 46
                slab = [(far, top), (far + half / 2.2, top), (left + half / 2.1, bottom),
                        (left, bottom)]  # fmt: skip
                spot.shape(slab, (206, 200, 188))
        return
    edge = [(a, spot.dice.uniform(0.7, 1.15)) for a in range(0, 360, 24)]
    ring = [(250 * r * cos(radians(a)), 92 * r * sin(radians(a))) for a, r in edge]
    spot.shape(ring, (104, 92, 80))
    spot.shape([(x * 0.78, y * 0.74 + 6) for x, y in ring], (58, 52, 48))
    spot.oval(20, 16, 120, 34, (92, 112, 128))
    for _ in range(16):
        bit = spot.somewhere(290, 90)
        size = spot.dice.uniform(10, 30)
        bit.shape([(0, 0), (size, -size / 2), (size * 1.6, size / 3), (size / 2, size / 2)], STEEL)


def _rubbish(spot: Spot, right: bool) -> None:
    if right:
        spot.oval(0, 20, 270, 46, (150, 152, 152))  # still wet from the hose
        return
    spot.oval(0, 26, 330, 60, (96, 90, 82))
    for layer, (many, reach) in enumerate(((7, 250), (5, 170), (3, 80))):
        for _ in range(many):
            _bag(spot.somewhere(reach, 24).beside(0, -layer * 62))
    spot.beside(-200, 30).shape([(0, 0), (20, -110), (150, -120), (160, -6)], (176, 136, 88))
    _litter(spot.beside(0, 50))


def _bag(spot: Spot) -> None:
    skin, size = spot.dice.choice(BAGS), spot.dice.uniform(44, 74)
    shine: Colour = tuple(min(255, tone + 34) for tone in skin)  # type: ignore[assignment]
    spot.oval(0, -size * 0.6, size, size * 0.74, skin)
    spot.shape([(-12, -size * 1.2), (0, -size * 1.6), (14, -size * 1.2)], skin)
    spot.oval(-size * 0.35, -size * 0.9, size * 0.2, size * 0.22, shine)


def _litter(spot: Spot) -> None:
    for _ in range(22):
        scrap = spot.somewhere(360, 60)
        wide = spot.dice.uniform(10, 34)
        scrap.shape([(0, 0), (wide, -8), (wide + 6, 10), (8, 14)], spot.dice.choice(PAPERS))


# -- on the pavement ---------------------------------------------------------------------------


def _bin(spot: Spot, right: bool) -> None:
    if not right:
        for dx in (-190, -120, 130, 200):
            _bag(spot.beside(dx, 20))
        _litter(spot.beside(0, 40))
    for dx in (-62, 62):
        spot.shape([(dx - 56, -190), (dx + 56, -190), (dx + 46, 10), (dx - 46, 10)], GREEN)
        spot.oval(dx - 36, 12, 14, 14, INK)
        spot.oval(dx + 36, 12, 14, 14, INK)
        spot.box(dx - 30, -140, dx + 30, -96, WHITE)
        if right:
            spot.box(dx - 62, -210, dx + 62, -188, (36, 88, 52))
        else:
            _bag(spot.beside(dx, -176))
            spot.line([(dx - 58, -196), (dx - 84, -290)], (36, 88, 52), 20)


def _bicycles(spot: Spot, right: bool) -> None:
    paint = spot.dice.choice(PAINTS)
    if right:
        for dx in range(-330, 331, 165):
            spot.line([(dx, 30), (dx - 60, 96)], WHITE, 10)
        for dx in range(-300, 301, 100):
            _bicycle(spot.beside(dx), paint, -76, 0.86)
        return
    for dx, lean in ((-280, 12), (-170, -38), (-60, 64), (60, -14), (150, 84), (270, -52)):
        _bicycle(spot.beside(dx).somewhere(20, 36), paint, lean, 1.0)


def _bicycle(spot: Spot, paint: Colour, lean: float, size: float) -> None:
    """A bicycle turned by `lean` degrees in the plane of the picture; -76: seen from behind."""
    narrow = 0.34 if lean == -76 else 1.0
    turn = 0.0 if lean == -76 else radians(lean)

    def point(x: float, y: float) -> tuple[float, float]:
        x, y = x * size * narrow, y * size
        return x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)

    for wheel in (-78, 78):
        dx, dy = point(wheel, -52)
        spot.oval(dx, dy, 50 * size * narrow, 50 * size, (70, 70, 72), INK, 7)
        spot.oval(dx, dy, 40 * size * narrow, 40 * size, (176, 174, 168))
    spot.line([point(*p) for p in ((-78, -52), (-30, -120), (46, -120), (78, -52))], paint, 13)
    spot.line([point(*p) for p in ((-30, -120), (0, -52), (46, -120), (58, -168))], paint, 13)
    spot.line([point(*p) for p in ((-52, -146), (-8, -146))], INK, 14)
    spot.line([point(*p) for p in ((30, -176), (84, -164))], INK, 10)


def _car(spot: Spot, right: bool) -> None:
    if right:
        for dx in range(-300, 301, 150):
            spot.box(dx - 14, -96, dx + 14, 6, RED)
            spot.box(dx - 14, -70, dx + 14, -50, WHITE)
        return
    paint = spot.dice.choice(((222, 222, 220), (60, 64, 72), (150, 34, 34), (56, 84, 128)))
    spot.oval(0, 14, 350, 34, (70, 68, 66))
    spot.shape([(-350, 0), (-345, -96), (-200, -112), (340, -104), (350, 0)], paint)
    spot.shape([(-214, -108), (-120, -210), (140, -212), (238, -106)], paint)
    spot.shape([(-176, -112), (-104, -194), (0, -196), (0, -112)], (64, 84, 98))
    spot.shape([(18, -112), (18, -196), (128, -196), (196, -112)], (64, 84, 98))
    for dx in (-210, 214):
        spot.oval(dx, -4, 64, 64, INK, (54, 54, 56), 12)
        spot.oval(dx, -4, 28, 28, STEEL)
    spot.oval(-330, -70, 18, 16, AMBER)


def _stall(spot: Spot, right: bool) -> None:
    if right:
        spot.line([(-420, 24), (420, 24)], AMBER, 14)  # the line shops keep behind
        return
    shade = spot.dice.choice(PAINTS)
    spot.line([(0, 0), (0, -330)], STEEL, 10)
    spot.shape([(-280, -300), (0, -410), (280, -300)], shade)
    for n in range(-3, 3, 2):
        spot.shape([(n * 93, -300), (0, -410), (n * 93 + 93, -300)], WHITE)
    for dx in (-330, -110, 110):
        spot.shape([(dx, -110), (dx + 210, -110), (dx + 220, 0), (dx - 10, 0)], (164, 122, 76))
        goods = spot.dice.choice(GOODS)
        for n in range(18):
            spot.oval(dx + 24 + n % 6 * 32, -104 + n // 6 * 30, 19, 19, goods, (120, 60, 30), 2)
    _litter(spot.beside(0, 60))


# -- upright -----------------------------------------------------------------------------------


def _lamp(spot: Spot, right: bool) -> None:
    lean = 0 if right else spot.dice.choice((-150, 150))
    head = (lean, -640)
    spot.box(-30, -40, 30, 8, IRON)
    spot.line([(0, 0), head, (head[0] + 130, head[1] - 20)], (88, 96, 104), 22)
    if right:
        spot.oval(head[0] + 150, head[1] + 6, 76, 34, AMBER, WHITE, 8)
        return
    spot.line([(head[0] + 130, head[1]), (head[0] + 150, head[1] + 90)], INK, 5)
    spot.oval(head[0] + 156, head[1] + 110, 60, 26, (70, 72, 76), INK, 6)
    for dx, wide in ((-120, 70), (60, 90)):
        spot.shape([(dx, 10), (dx + wide, -6), (dx + wide + 30, 16)], STEEL)


def _posters(spot: Spot, right: bool) -> None:
    wall = spot.beside(0, -210)
    wall.box(-350, -190, 350, 214, (204, 200, 190))
    wall.box(-362, -206, 362, -180, (150, 96, 76))
    if right:
        wall.box(-320, -150, 320, 130, (224, 220, 208))  # painted over
        return
    for row in range(-150, 130, 62):
        for column in range(-300, 280, 70):
            _poster(wall.beside(column, row).somewhere(10, 8))


def _poster(spot: Spot) -> None:
    if spot.dice.random() < 0.18:
        return
    spot.box(0, 0, 56, 48, spot.dice.choice(PAPERS))
    spot.box(6, 6, 50, 14, RED)
    for dy in (20, 28, 36):
        spot.box(6, dy, spot.dice.uniform(26, 50), dy + 3, INK)


def _board(spot: Spot, right: bool) -> None:
    lean = 0 if right else spot.dice.choice((-70, 70))
    for dx in (-170, 170):
        spot.line([(dx, 0), (dx + lean, -330)], STEEL, 16)
    for top, bottom, fill in ((-372, -108, STEEL), (-360, -120, RED if right else WHITE)):
        spot.shape(
            [(-206 + lean, top), (206 + lean, top), (206 + lean * 0.3, bottom),
             (-206 + lean * 0.3, bottom)],
            fill,
        )  # fmt: skip
    if right:
        spot.oval(-90, -240, 66, 66, AMBER)
        for dy in (-300, -250, -200):
            spot.box(10, dy, 170, dy + 22, WHITE)
        return
    # What is left of the sheet, and the strip of it that hangs down.
    spot.shape(
        [(-190 + lean, -350), (-20 + lean, -350), (-60, -260), (10, -190), (-180, -130)], RED
    )
    spot.shape([(60, -250), (170, -230), (190, -60), (150, 20), (110, -70)], RED)
    spot.line([(60, -250), (110, -70)], INK, 3)


def _railing(spot: Spot, right: bool) -> None:
    gap = () if right else (-110, 0, 110)
    for dx in range(-550, 551, 110):
        spot.box(dx - 8, -150, dx + 8, 6, (60, 90, 140))
        if dx in gap or dx == 550:
            continue
        for dy in (-140, -84, -28):
            spot.line([(dx, dy), (dx + 110, dy)], WHITE, 10)
    if not right:
        fallen = [(20, 60), (230, 30), (260, 74), (44, 104), (20, 60), (44, 104)]
        spot.line(fallen, WHITE, 10)
        spot.line([(32, 82), (246, 52)], WHITE, 8)


def _cables(spot: Spot, right: bool) -> None:
    for dx in (-520, 520):
        spot.line([(dx, 0), (dx, -620)], (120, 110, 98), 24)
    if right:
        spot.line([(-520, -600), (520, -600)], INK, 14)
        return
    for slack in (120, 210, 300, 410, 540):
        shift = spot.dice.uniform(-60, 60)
        sag = [(x, -600 + slack * (1 - ((x - shift) / 560) ** 2)) for x in range(-520, 521, 80)]
        spot.line(sag, INK, 7)
    spot.line([(150, -200), (170, -60), (120, 10), (190, 40)], INK, 7)


def _green(spot: Spot, right: bool) -> None:
    spot.shape([(-430, -40), (430, -40), (500, 60), (-500, 60)], (92, 132, 70) if right else SOIL)
    spot.line([(-500, 60), (500, 60)], (176, 172, 164), 16)
    for dx in range(-400, 401, 100):
        if right:
            leaf = spot.dice.choice(((62, 122, 60), (78, 140, 66), (52, 106, 58)))
            spot.oval(dx, -44, 72, 56, leaf)
            spot.oval(dx + 20, -66, 12, 12, spot.dice.choice(GOODS))
        elif spot.dice.random() < 0.6:
            twig = spot.beside(dx).somewhere(30, 20)
            twig.line([(0, 10), (6, -60), (-20, -100)], (104, 84, 60), 7)
            twig.line([(4, -40), (34, -84)], (104, 84, 60), 5)
    if not right:
        _litter(spot)


# -- which it is -------------------------------------------------------------------------------

SHOWN: Mapping[str, Painter] = {
    "井盖|箅子|盖板|污水|外溢|漏水": _manhole,
    "垃圾桶|垃圾箱|满溢|分类": _bin,
    "单车|自行车|非机动车|电动车乱|摩托车": _bicycles,
    "机动车|出租车|车辆|渣土车|消防通道": _car,
    "店外|占道|摊|烧烤": _stall,
    "小广告|墙|外立面|标语": _posters,
    "线缆|飞线": _cables,
    "护栏|围挡|隔离": _railing,
    "树|绿|草坪|黄土|枯": _green,
    "路灯|景观灯|照明|电杆|灯杆|信号灯": _lamp,
    "公交站|候车亭|牌匾|店招|广告|宣传|站牌|时刻牌": _board,
    "垃圾|堆|渣土|杂物|脏乱|家具": _rubbish,
    "路面|道路|人行道|地砖|园路|石板|积水|坑洼|地面破损|路沿": _hole,
}
"""What the words of a problem call for, the first that fits."""
_INDOORS = re.compile("楼道|楼上|楼梯|配电房|箱前|出口|疏散|公约")


def painter_of(problem: str) -> Painter | None:
    """What to draw for a problem; None for one that no picture of a street can show."""
    if _INDOORS.search(problem):
        return None
    found = (paint for words, paint in SHOWN.items() if re.search(words, problem))
    return next(found, None)
