"""The kept questions of a namespace, found by their vectors: one map in memory for all processes of
a machine, made from sealed rows that all machines share.
"""

from apps.optimization.neighbours.folder import IndexFolder
from apps.optimization.neighbours.rows import opened_rows, sealed_row, sealed_tie
from apps.optimization.neighbours.shared import CAPACITY, SharedIndex
from apps.optimization.neighbours.writing import Writer

__all__ = [
    "CAPACITY",
    "IndexFolder",
    "SharedIndex",
    "Writer",
    "opened_rows",
    "sealed_row",
    "sealed_tie",
]
