"""What calls were told apart by so far: names to choose from."""

from typing import Any

from django.db import connection

from apps.usage.store.facets import TAG, WEEK

MOST_NAMES = 200
_TAGS = """
    WITH RECURSIVE found AS (
        (SELECT name FROM usage_facet WHERE grain = %(grain)s AND facet = %(facet)s
            ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT name FROM usage_facet WHERE grain = %(grain)s AND facet = %(facet)s
            AND name > found.name ORDER BY name LIMIT 1)
        FROM found WHERE found.name IS NOT NULL
    )
    SELECT name FROM found WHERE name IS NOT NULL LIMIT %(most)s
"""
_MODELS = """
    SELECT DISTINCT served_model FROM usage_series WHERE served_model <> ''
    ORDER BY 1 LIMIT %(most)s
"""


def tag_names() -> list[str]:
    """The names of tags that calls of the current organization ever had, in their order."""
    # Steps from name to name by the index: a tag has far more values than there are names.
    return _names(_TAGS, {"grain": WEEK, "facet": TAG})


def served_models() -> list[str]:
    """The models that ever answered, in the order of their names."""
    return _names(_MODELS, {})


def _names(statement: str, values: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"most": MOST_NAMES})
        return [name for (name,) in cursor.fetchall()]
