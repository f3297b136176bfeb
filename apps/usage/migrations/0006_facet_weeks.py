"""Sums of end users and tags by week as well, beside those by day: a month is fewer rows."""

from django.db import migrations

_KEY = "facet, name, bucket_at, project_id, kind, value"
_SUMS = (
    "calls", "success_calls", "error_calls", "cancelled_calls", "truncated_calls",
    "interrupted_calls", "refused_calls", "unpriced_calls", "estimated_calls",
    "input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "input_audio_tokens",
    "output_audio_tokens", "input_image_tokens", "output_image_tokens", "actual_usd",
    "counterfactual_usd", "saved_usd",
)  # fmt: skip
_COLUMNS = ", ".join(_SUMS)
_SUMMED = ", ".join(f"sum({name})" for name in _SUMS)
WEEKS = f"""
ALTER TABLE usage_facet RENAME TO usage_facet_before;
ALTER TABLE usage_facet_before RENAME CONSTRAINT usage_facet_pkey TO usage_facet_before_pkey;
CREATE TABLE usage_facet (grain smallint NOT NULL, LIKE usage_facet_before)
    PARTITION BY LIST (grain);
ALTER TABLE usage_facet ADD CONSTRAINT usage_facet_pkey PRIMARY KEY (grain, {_KEY});
CREATE TABLE usage_facet_day PARTITION OF usage_facet FOR VALUES IN (1440);
CREATE TABLE usage_facet_week PARTITION OF usage_facet FOR VALUES IN (10080);
INSERT INTO usage_facet (grain, {_KEY}, {_COLUMNS})
    SELECT 1440, {_KEY}, {_COLUMNS} FROM usage_facet_before;
INSERT INTO usage_facet (grain, {_KEY}, {_COLUMNS})
    SELECT 10080, facet, name, date_bin('7 days', bucket_at, '1970-01-01T00:00:00Z'::timestamptz),
        project_id, kind, value, {_SUMMED}
    FROM usage_facet_before GROUP BY 1, 2, 3, 4, 5, 6, 7;
DROP TABLE usage_facet_before;
"""  # noqa: S608  (constants)
ONLY_DAYS = f"""
CREATE TABLE usage_facet_before (LIKE usage_facet);
ALTER TABLE usage_facet_before DROP COLUMN grain;
INSERT INTO usage_facet_before ({_KEY}, {_COLUMNS})
    SELECT {_KEY}, {_COLUMNS} FROM usage_facet WHERE grain = 1440;
DROP TABLE usage_facet;
ALTER TABLE usage_facet_before RENAME TO usage_facet;
ALTER TABLE usage_facet ADD CONSTRAINT usage_facet_pkey PRIMARY KEY ({_KEY});
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("usage", "0005_untouched_calls")]

    operations = [migrations.RunSQL(WEEKS, ONLY_DAYS)]
