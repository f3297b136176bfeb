"""Fewer tokens of what has not been sent yet: results of tools, repeats, tools never needed."""

from apps.optimization.compression.forms import Form, shorter_form
from apps.optimization.compression.results import ResultCompressor, ToolResult, tool_results
from apps.optimization.compression.tools import SessionTools, ranked_tools

__all__ = [
    "Form",
    "ResultCompressor",
    "SessionTools",
    "ToolResult",
    "ranked_tools",
    "shorter_form",
    "tool_results",
]
