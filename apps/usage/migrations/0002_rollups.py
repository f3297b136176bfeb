"""Sums of events, which Django does not read: apps/usage/store/ writes and queries them in SQL."""

from django.db import migrations

SUMS = """
    calls bigint NOT NULL,
    success_calls bigint NOT NULL,
    error_calls bigint NOT NULL,
    cancelled_calls bigint NOT NULL,
    truncated_calls bigint NOT NULL,
    interrupted_calls bigint NOT NULL,
    refused_calls bigint NOT NULL,
    unpriced_calls bigint NOT NULL,
    estimated_calls bigint NOT NULL,
    input_uncached_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_5m_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    input_audio_tokens bigint NOT NULL,
    output_audio_tokens bigint NOT NULL,
    input_image_tokens bigint NOT NULL,
    output_image_tokens bigint NOT NULL,
    actual_usd numeric(38,18) NOT NULL,
    counterfactual_usd numeric(38,18) NOT NULL,
    saved_usd numeric(38,18) NOT NULL
"""
ROLLUPS = f"""
CREATE TABLE usage_series (
    id uuid NOT NULL CONSTRAINT usage_series_pkey PRIMARY KEY,
    project_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    provider text NOT NULL,
    requested_model text NOT NULL,
    served_model text NOT NULL,
    kind text NOT NULL,
    arm text NOT NULL,
    lever text NOT NULL
);
CREATE TABLE usage_rollup (
    grain smallint NOT NULL,
    bucket_at timestamptz NOT NULL,
    series_id uuid NOT NULL,
    {SUMS},
    latency_calls bigint NOT NULL,
    first_byte_calls bigint NOT NULL,
    overhead_calls bigint NOT NULL,
    latency_us bigint NOT NULL,
    first_byte_us bigint NOT NULL,
    overhead_us bigint NOT NULL,
    latency_bins integer[] NOT NULL,
    CONSTRAINT usage_rollup_pkey PRIMARY KEY (grain, bucket_at, series_id)
) PARTITION BY LIST (grain);
CREATE TABLE usage_rollup_minute PARTITION OF usage_rollup FOR VALUES IN (1);
CREATE TABLE usage_rollup_quarter PARTITION OF usage_rollup FOR VALUES IN (15);
CREATE TABLE usage_rollup_hour PARTITION OF usage_rollup FOR VALUES IN (60);
CREATE TABLE usage_rollup_day PARTITION OF usage_rollup FOR VALUES IN (1440);
CREATE TABLE usage_facet (
    facet text NOT NULL,
    name text NOT NULL,
    bucket_at timestamptz NOT NULL,
    project_id uuid NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    {SUMS},
    CONSTRAINT usage_facet_pkey PRIMARY KEY (facet, name, bucket_at, project_id, kind, value)
);
CREATE TABLE usage_adjustment (
    event_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    price_version bigint NOT NULL,
    journal_id uuid NOT NULL,
    unpriced_calls bigint NOT NULL,
    actual_usd numeric(38,18) NOT NULL,
    counterfactual_usd numeric(38,18) NOT NULL,
    saved_usd numeric(38,18) NOT NULL,
    CONSTRAINT usage_adjustment_pkey PRIMARY KEY (started_at, event_id, journal_id)
);
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]

    operations = [
        migrations.RunSQL(
            ROLLUPS, "DROP TABLE usage_adjustment, usage_facet, usage_rollup, usage_series"
        ),
    ]
