"""A statement on paper: a PDF whose bytes follow from the statement alone.

What customers wrote reaches the page as text of a JSON document, never as markup: statement.typ
is the whole program, it evaluates nothing, and reads no file.
"""

import json
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst
from django.template.loader import render_to_string

from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.selectors import carried_before, statement_heads, statement_points
from apps.attribution.statements import (
    METHOD,
    amounts,
    draw_words,
    lever_lines,
    meaning,
    period_title,
    plotted,
    statement_lines,
    usd_of_minor,
)
from apps.kernel.money import shown_usd

_TEMPLATE = Path(__file__).with_name("statement.typ")
_FONT = "Libertinus Serif"  # of typst's own, so that every machine sets the same page
_WIDTH, _HEIGHT = 660, 250


def statement_pdf(statement: SavingsStatement, *, organization_name: str) -> bytes:
    """The same bytes for the same statement and corrections; inside the organization's scope.

    Tagged, fonts embedded. PDF/UA-1, unless a name has letters that the embedded fonts lack.
    """
    document = statement_document(statement, organization_name=organization_name)
    try:
        return _compiled(document, statement, "ua-1")
    except typst.TypstError:
        return _compiled(document, statement, None)


def statement_document(statement: SavingsStatement, *, organization_name: str) -> dict[str, Any]:
    """What the page is made of: texts and one picture."""
    experiment = Experiment.objects.get(pk=statement.log_id)
    points, heads = statement_points(statement), statement_heads(statement)
    plot = plotted(points, width=_WIDTH, height=_HEIGHT)
    return {
        "organization": _plain(organization_name),
        "experiment": _plain(experiment.name),
        "period": period_title(statement.period.starts_at, statement.period.ends_at),
        "number": str(statement.number),
        "id": str(statement.pk),
        "finalised": f"{statement.finalised_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC",
        "figures": _figures(statement),
        "lines": _lines(statement),
        "levers": [[each.label, *each.shown] for each in lever_lines(statement.document)],
        "draw": draw_words(statement.document),
        "meaning": meaning(points[-1] if points else None, statement.log.terms),
        "plot": plot and render_to_string("proof/plot.svg", {"plot": plot, "font": _FONT}),
        "corrections": _corrections(statement),
        "method": list(METHOD),
        "key": statement.log.public_key,
        "head": _head(heads[-1]) if heads else None,
    }


def _compiled(
    document: dict[str, Any], statement: SavingsStatement, standard: Literal["ua-1"] | None
) -> bytes:
    return typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"data": json.dumps(document)},
        timestamp=statement.finalised_at.astimezone(UTC).replace(microsecond=0),
        pdf_standards=standard,
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _figures(statement: SavingsStatement) -> list[list[str]]:
    found = amounts(statement.document)
    named = (
        ("Spend without Netra", found.untouched), ("Actual spend", found.paid),
        ("Proven saving", found.proven), ("Fee", found.fee),
    )  # fmt: skip
    return [[label, shown_usd(amount)] for label, amount in named]


def _lines(statement: SavingsStatement) -> list[dict[str, Any]]:
    lines = statement_lines(
        statement.document,
        fee_bp=statement.log.terms["fee_bp"],
        carried=carried_before(statement),
    )
    return [
        {"label": line.label, "usd": line.shown, "note": line.note, "is_sum": line.is_sum}
        for line in lines
    ]


def _corrections(statement: SavingsStatement) -> list[list[str]]:
    return [
        [
            f"{each.created_at.astimezone(UTC):%-d %b %Y}",
            _plain(each.reason),
            shown_usd(usd_of_minor(each.fee_difference_minor)),
        ]
        for each in statement.corrections.all()
    ]


def _head(signed: dict[str, Any]) -> dict[str, str]:
    head = signed["head"]
    return {
        "date": head["date"],
        "size": f"{head['size']:,}",
        "root": head["root"],
        "signature": signed["signature"],
    }


def _plain(text: str) -> str:
    """Without characters that are not seen, such as those that turn the direction of a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
