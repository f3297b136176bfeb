"""Every pair of colours that stands together is readable in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
THEMES = ("light", "dark")
TEXT_RATIO, BOUNDARY_RATIO = 4.5, 3.0

SURFACES = ("canvas", "surface", "raised", "sunken", "hover")
WASHES = ("accent-wash", "success-wash", "warning-wash", "danger-wash")
TEXT_PAIRS = (
    *((ink, surface) for ink in ("ink", "ink-muted", "ink-faint") for surface in SURFACES),
    *(("ink", wash) for wash in WASHES),
    *(("accent-ink", surface) for surface in (*SURFACES, "accent-wash")),
    *((f"{state}-ink", f"{state}-wash") for state in ("success", "warning", "danger")),
    *((f"{state}-ink", "surface") for state in ("success", "warning", "danger")),
    ("danger-ink", "canvas"),
    *(("on-accent", fill) for fill in ("accent", "accent-hover")),
    *(("on-danger", fill) for fill in ("danger", "danger-hover")),
)
BOUNDARY_PAIRS = (
    *(("edge", surface) for surface in SURFACES),
    *(("focus", surface) for surface in (*SURFACES, *WASHES)),
    *(("accent", surface) for surface in ("canvas", "surface", "raised")),
    *(("danger", surface) for surface in ("canvas", "surface", "raised")),
    *((f"{state}-line", f"{state}-wash") for state in ("success", "warning", "danger")),
    *((f"{state}-line", "raised") for state in ("success", "warning", "danger")),
    ("danger-line", "surface"),
    *((f"series-{number}", "surface") for number in range(1, 9)),
)


def colours() -> dict[str, dict[str, str]]:
    """Token name to its six-digit hex colour by theme, as written in tokens.css."""
    found = re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS.read_text()
    )
    return {name: {"light": light, "dark": dark} for name, light, dark in found}


def relative_luminance(colour: str) -> float:
    """Luminance of an sRGB hex colour, 0 to 1 (WCAG 2.2 definition)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two hex colours, 1 to 21 (WCAG 2.2 definition)."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ratio_of(pair: tuple[str, str], theme: str) -> float:
    """Contrast ratio of two tokens in one theme."""
    palette = colours()
    return round(contrast(palette[pair[0]][theme], palette[pair[1]][theme]), 2)


def test_contrast_agrees_with_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_is_readable(pair: tuple[str, str], theme: str) -> None:
    assert ratio_of(pair, theme) >= TEXT_RATIO


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", BOUNDARY_PAIRS, ids="-on-".join)
def test_what_can_be_operated_stands_out(pair: tuple[str, str], theme: str) -> None:
    assert ratio_of(pair, theme) >= BOUNDARY_RATIO


def test_every_colour_of_a_theme_is_checked() -> None:
    checked = {name for pair in (*TEXT_PAIRS, *BOUNDARY_PAIRS) for name in pair}
    decoration = {"hairline"}  # divides, carries no meaning
    assert set(colours()) - checked == decoration
