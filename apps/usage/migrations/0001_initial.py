"""The event table, partitioned by month, which Django cannot say by itself.

Partitions are made by the ingestion that needs them (apps/usage/store/months.py), none here: what a
migration makes must not depend on the day on which it runs.
"""

from django.db import migrations, models

EVENTS = """
CREATE TABLE usage_event (
    event_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    batch_id uuid NOT NULL,
    kind text NOT NULL,
    project_id uuid NOT NULL,
    api_key_id uuid,
    end_user text,
    tags jsonb NOT NULL,
    endpoint text NOT NULL,
    dialect text NOT NULL,
    provider text,
    credential_id uuid,
    requested_model text,
    served_model text,
    is_stream boolean NOT NULL,
    status smallint,
    outcome text NOT NULL,
    error_code text,
    is_estimated boolean NOT NULL,
    is_priced boolean NOT NULL,
    attempts jsonb NOT NULL,
    input_uncached bigint NOT NULL,
    cache_read bigint NOT NULL,
    cache_write_5m bigint NOT NULL,
    cache_write_1h bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    input_audio bigint NOT NULL,
    output_audio bigint NOT NULL,
    input_image bigint NOT NULL,
    output_image bigint NOT NULL,
    units jsonb NOT NULL,
    price_version bigint,
    policy_version bigint,
    snapshot_version bigint,
    admission_ms double precision,
    first_byte_ms double precision,
    upstream_ms double precision,
    overhead_ms double precision,
    total_ms double precision,
    request_bytes bigint NOT NULL,
    response_bytes bigint NOT NULL,
    conversation_id text,
    provider_request_id text,
    client_retry_count integer NOT NULL,
    unit text,
    experiment_id uuid,
    period_id uuid,
    arm text,
    propensity double precision,
    is_triggered boolean NOT NULL,
    decisions jsonb NOT NULL,
    counterfactual_usd numeric(38,18),
    actual_usd numeric(38,18),
    decomposition jsonb NOT NULL,
    features jsonb NOT NULL,
    content_ref uuid,
    schema_version smallint NOT NULL,
    CONSTRAINT usage_event_pkey PRIMARY KEY (event_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE INDEX usage_event_by_time ON usage_event (started_at, event_id);
CREATE INDEX usage_event_by_project ON usage_event (project_id, started_at, event_id);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENTS, "DROP TABLE usage_event")],
            state_operations=[
                migrations.CreateModel(
                    name="UsageEvent",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                db_column="event_id", primary_key=True, serialize=False
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        (
                            "recorded_at",
                            models.DateTimeField(help_text="When it reached this table."),
                        ),
                        (
                            "batch_id",
                            models.UUIDField(
                                help_text="What was stored together; journals of the ledger name it."
                            ),
                        ),
                        ("kind", models.TextField()),
                        ("project_id", models.UUIDField()),
                        ("api_key_id", models.UUIDField(null=True)),
                        ("end_user", models.TextField(null=True)),
                        ("tags", models.JSONField()),
                        ("endpoint", models.TextField()),
                        ("dialect", models.TextField()),
                        ("provider", models.TextField(null=True)),
                        ("credential_id", models.UUIDField(null=True)),
                        ("requested_model", models.TextField(null=True)),
                        ("served_model", models.TextField(null=True)),
                        ("is_stream", models.BooleanField()),
                        ("status", models.SmallIntegerField(null=True)),
                        ("outcome", models.TextField()),
                        ("error_code", models.TextField(null=True)),
                        ("is_estimated", models.BooleanField()),
                        ("is_priced", models.BooleanField()),
                        ("attempts", models.JSONField()),
                        ("input_uncached", models.BigIntegerField()),
                        ("cache_read", models.BigIntegerField()),
                        ("cache_write_5m", models.BigIntegerField()),
                        ("cache_write_1h", models.BigIntegerField()),
                        ("output", models.BigIntegerField()),
                        ("reasoning", models.BigIntegerField()),
                        ("input_audio", models.BigIntegerField()),
                        ("output_audio", models.BigIntegerField()),
                        ("input_image", models.BigIntegerField()),
                        ("output_image", models.BigIntegerField()),
                        ("units", models.JSONField()),
                        ("price_version", models.BigIntegerField(null=True)),
                        ("policy_version", models.BigIntegerField(null=True)),
                        ("snapshot_version", models.BigIntegerField(null=True)),
                        ("admission_ms", models.FloatField(null=True)),
                        ("first_byte_ms", models.FloatField(null=True)),
                        ("upstream_ms", models.FloatField(null=True)),
                        ("overhead_ms", models.FloatField(null=True)),
                        ("total_ms", models.FloatField(null=True)),
                        ("request_bytes", models.BigIntegerField()),
                        ("response_bytes", models.BigIntegerField()),
                        ("conversation_id", models.TextField(null=True)),
                        ("provider_request_id", models.TextField(null=True)),
                        ("client_retry_count", models.IntegerField()),
                        ("unit", models.TextField(null=True)),
                        ("experiment_id", models.UUIDField(null=True)),
                        ("period_id", models.UUIDField(null=True)),
                        ("arm", models.TextField(null=True)),
                        ("propensity", models.FloatField(null=True)),
                        ("is_triggered", models.BooleanField()),
                        ("decisions", models.JSONField()),
                        (
                            "counterfactual_usd",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "actual_usd",
                            models.DecimalField(decimal_places=18, max_digits=38, null=True),
                        ),
                        (
                            "decomposition",
                            models.JSONField(help_text="Lever → saved USD as a string."),
                        ),
                        ("features", models.JSONField()),
                        ("content_ref", models.UUIDField(null=True)),
                        ("schema_version", models.SmallIntegerField()),
                    ],
                    options={
                        "db_table": "usage_event",
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.UUIDField()),
                ("started_at", models.DateTimeField()),
                ("reason", models.TextField()),
                ("refused_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["refused_at"], name="refusals_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_id", "started_at"), name="one_refusal_each_event"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredContent",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("stored_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
            ],
            options={
                "db_table": "usage_content",
                "indexes": [models.Index(fields=["stored_at"], name="contents_by_age")],
            },
        ),
    ]
