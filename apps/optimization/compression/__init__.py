"""Fewer tokens of what has not been sent yet: results of tools, repeats, tools never needed."""

from apps.optimization.compression.applying import (
    first_question,
    is_begun,
    named_tools,
    with_texts,
)
from apps.optimization.compression.forms import Form, shorter_form
from apps.optimization.compression.results import (
    KINDS,
    Changes,
    ResultCompressor,
    ToolResult,
    all_shortened,
    tool_results,
)
from apps.optimization.compression.sizes import saved_tokens
from apps.optimization.compression.tools import KEPT, SessionTools, ranked_tools

__all__ = [
    "KEPT",
    "KINDS",
    "Changes",
    "Form",
    "ResultCompressor",
    "SessionTools",
    "ToolResult",
    "all_shortened",
    "first_question",
    "is_begun",
    "named_tools",
    "ranked_tools",
    "saved_tokens",
    "shorter_form",
    "tool_results",
    "with_texts",
]
