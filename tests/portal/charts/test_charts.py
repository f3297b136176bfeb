"""Pictures: what stands where, and that nothing typed by a customer becomes markup."""

import xml.etree.ElementTree as ElementTree
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.portal.charts import Said, Span, Stack, spans, stacked_bars
from apps.portal.charts.scale import BOTTOM, LEFT, RIGHT, TOP, Scale, round_step

SAID = Said("spend", "Spend", "Two lines.")
SIZE = (900, 280)
SVG = "{http://www.w3.org/2000/svg}"
amounts = st.integers(-(10**10), 10**10).map(lambda millionths: Decimal(millionths).scaleb(-6))


def drawn(markup: str) -> ElementTree.Element:
    """Without a namespace, as it stands inside HTML."""
    return ElementTree.fromstring(markup)  # noqa: S314  (our own markup)


def rects(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    """Class, top and height of each."""
    return [
        (each.attrib["class"], float(each.attrib["y"]), float(each.attrib["height"]))
        for each in root.iter("rect")
    ]


@given(st.lists(amounts, min_size=1, max_size=12))
def test_a_scale_holds_all_figures_and_zero_inside_its_field(figures: list[Decimal]) -> None:
    scale = Scale.around(figures, len(figures), SIZE)
    for usd in (*figures, Decimal(0)):
        assert TOP - 0.01 <= scale.y(usd) <= SIZE[1] - BOTTOM + 0.01
    assert scale.floor % scale.step == scale.ceiling % scale.step == 0
    assert LEFT < scale.x(0) <= scale.x(len(figures) - 1) < SIZE[0] - RIGHT


@given(st.integers(1, 10**13))
def test_a_step_is_round_and_makes_few_of_them(millionths: int) -> None:
    span = Decimal(millionths).scaleb(-6)
    step = round_step(span)
    assert step.scaleb(-step.adjusted()) in (1, 2, 5)
    assert Decimal("1.5") <= span / step <= 4


@pytest.mark.parametrize(
    ("span", "step"),
    [("0", "0.01"), ("4", "1"), ("4.1", "2"), ("0.03", "0.01"), ("90000", "50000")],
)
def test_steps_of_known_spans(span: str, step: str) -> None:
    assert round_step(Decimal(span)) == Decimal(step)


def test_bars_stand_on_zero_and_losses_hang_from_it() -> None:
    parts = [(1, Decimal(3), "saved"), (2, Decimal(1), "saved too"), (3, Decimal(-2), "lost")]
    root = drawn(stacked_bars(SAID, [Stack("1 Nov", parts)])["wide"])
    (first, second, lost) = rects(root)
    scale = Scale.around([Decimal(-2), Decimal(4)], 1, SIZE)
    zero, unit = scale.y(Decimal(0)), scale.y(Decimal(0)) - scale.y(Decimal(1))
    assert [name for name, _, _ in (first, second, lost)] == [
        f"plot__part plot__part--{number}" for number in (1, 2, 3)
    ]
    assert [first[1:], second[1:], lost[1:]] == [
        pytest.approx((zero - 3 * unit, 3 * unit), abs=0.1),
        pytest.approx((zero - 4 * unit, unit), abs=0.1),
        pytest.approx((zero, 2 * unit), abs=0.1),
    ]


def test_lines_meet_their_figures_and_name_them_to_a_mouse() -> None:
    given = [
        Span("1 Nov", Decimal(4), Decimal(1), "1 Nov: $4 without Netra"),
        Span("2 Nov", Decimal(2), Decimal(3), "2 Nov: $2 without Netra"),
    ]
    root = drawn(spans(SAID, given)["narrow"])
    scale = Scale.around([Decimal(0), Decimal(4)], 2, (340, 250))
    paths = {each.attrib["class"]: each.attrib["d"] for each in root.iter("path")}
    assert paths["plot__upper"] == (
        f"M{scale.x(0):.1f} {scale.y(Decimal(4)):.1f}L{scale.x(1):.1f} {scale.y(Decimal(2)):.1f}"
    )
    assert paths["plot__band"].count("L") == 3
    assert [each.findtext("title") for each in root.iter("rect")] == [each.told for each in given]
    assert [each.text for each in root.iter("text")][-2:] == ["1 Nov", "2 Nov"]


def test_a_picture_is_named_for_those_who_do_not_see_it() -> None:
    pictures = spans(SAID, [Span("1 Nov", Decimal(1), Decimal(1), "told")])
    for kind, markup in pictures.items():
        root = drawn(markup)
        names = {each.attrib["id"]: each.text for each in root if "id" in each.attrib}
        assert root.attrib["role"] == "img"
        assert names[root.attrib["aria-labelledby"]] == "Spend"
        assert names[root.attrib["aria-describedby"]] == "Two lines."
        assert root.attrib["aria-labelledby"].startswith(f"spend-{kind}")


def test_what_customers_typed_is_text() -> None:
    evil = "<script>alert(1)</script>"
    markup = stacked_bars(SAID, [Stack(evil, [(1, Decimal(1), f'"{evil}')])])["wide"]
    assert "<script" not in markup
    assert evil in [each.text for each in drawn(markup).iter("text")]
