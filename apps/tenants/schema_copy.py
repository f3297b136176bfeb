"""The DDL that makes an empty schema equal to an existing one, names of constraints included.

`CREATE TABLE … (LIKE … INCLUDING ALL)`, which clone functions use, renames unique constraints and
indexes; a later migration that drops one by name would then fail in every tenant. So constraints
and indexes are copied by their own definitions. Covers tables, identity columns, partitions,
constraints and indexes; a tenant schema holds nothing else (tests/tenants/test_schema.py).
"""

from django.db.backends.utils import CursorWrapper

# Each query yields statements, in the order in which they must run. They are read while the
# source schema leads search_path, so that Postgres prints its names bare, and executed while the
# target leads it.
TABLES = """
    SELECT format(
        'CREATE TABLE %%I (LIKE %%I.%%I INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED'
        ' INCLUDING STORAGE)%%s',
        c.relname, n.nspname, c.relname,
        CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname
"""
PARTITIONS = """
    SELECT format('CREATE TABLE %%I PARTITION OF %%s %%s', c.relname, i.inhparent::regclass,
        pg_get_expr(c.relpartbound, c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE n.nspname = %s AND c.relispartition AND c.relkind = 'r'
    ORDER BY c.relname
"""
# Foreign keys come last: they need the keys that they point to. NOT NULL comes with the columns.
CONSTRAINTS = """
    SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', o.conrelid::regclass, o.conname,
        pg_get_constraintdef(o.oid))
    FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
    WHERE n.nspname = %s AND o.contype IN ('p', 'u', 'c', 'x', 'f') AND o.conparentid = 0
        AND o.conislocal
    ORDER BY o.contype = 'f', o.conrelid::regclass::text, o.conname
"""
INDEXES = """
    SELECT pg_get_indexdef(x.indexrelid, 0, true)
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.indexrelid
                        AND o.contype IN ('p', 'u', 'x'))
    ORDER BY c.relname
"""
MIGRATION_RECORDS = """
    SELECT format('INSERT INTO django_migrations (app, name, applied) SELECT app, name, applied'
        ' FROM %%I.django_migrations ORDER BY id', %s::text)
"""


def copying_statements(cursor: CursorWrapper, source: str) -> list[str]:
    """SQL statements that fill a schema as `source` is filled, with its migration records.

    The caller has `source` first in search_path now, and the target when it runs them.
    """
    statements: list[str] = []
    for query in (TABLES, PARTITIONS, CONSTRAINTS, INDEXES, MIGRATION_RECORDS):
        cursor.execute(query, [source])
        statements += [row[0] for row in cursor.fetchall()]
    return statements
