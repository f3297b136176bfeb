"""Provider statements; and an index of unpriced calls, of which there are few."""

import django.db.models.deletion
from django.db import migrations, models

import apps.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("usage", "0002_rollups"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderStatement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.kernel.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("provider", models.TextField()),
                ("month", models.DateField(help_text="Its first day.")),
                (
                    "source",
                    models.TextField(help_text="Whose file it is: openai, anthropic or generic."),
                ),
                ("file_name", models.TextField()),
                ("total_usd", models.DecimalField(decimal_places=18, max_digits=38)),
                ("row_count", models.IntegerField()),
                ("outside_count", models.IntegerField(help_text="Rows of other months, left out.")),
                ("given_by", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "usage_statement",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "month"), name="one_statement_each_provider_and_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderStatementLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("model", models.TextField()),
                ("amount_usd", models.DecimalField(decimal_places=18, max_digits=38)),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="usage.providerstatement",
                    ),
                ),
            ],
            options={
                "db_table": "usage_statement_line",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("statement", "day", "model"), name="one_line_each_day_and_model"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            """
            CREATE INDEX usage_event_unpriced ON usage_event (started_at)
            WHERE actual_usd IS NULL AND outcome <> 'refused'
            """,
            "DROP INDEX usage_event_unpriced",
        ),
    ]
