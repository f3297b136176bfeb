"""What pricing a call again needs, and the model of the table that holds what changed."""

from django.db import migrations, models

COLUMNS = """
ALTER TABLE usage_event ADD COLUMN tier text, ADD COLUMN region text;
CREATE INDEX usage_event_imports ON usage_event (started_at) WHERE kind = 'import';
"""
NO_COLUMNS = """
DROP INDEX usage_event_imports;
ALTER TABLE usage_event DROP COLUMN tier, DROP COLUMN region;
"""
# The columns keep their names; the fields say that there may be a later price.
FIRST: dict[str, models.Field] = {
    "price_version": models.BigIntegerField(db_column="price_version", null=True),
    "actual_usd": models.DecimalField(
        db_column="actual_usd", decimal_places=18, max_digits=38, null=True
    ),
    "counterfactual_usd": models.DecimalField(
        db_column="counterfactual_usd", decimal_places=18, max_digits=38, null=True
    ),
}


class Migration(migrations.Migration):
    dependencies = [("usage", "0003_statements")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS, NO_COLUMNS)],
            state_operations=[
                migrations.AddField("usageevent", "tier", models.TextField(null=True)),
                migrations.AddField("usageevent", "region", models.TextField(null=True)),
                *(
                    operation
                    for name, field in FIRST.items()
                    for operation in (
                        migrations.RenameField("usageevent", name, f"first_{name}"),
                        migrations.AlterField("usageevent", f"first_{name}", field),
                    )
                ),
                migrations.CreateModel(
                    name="Adjustment",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "started_at",
                                "event_id",
                                "journal_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("event_id", models.UUIDField()),
                        ("started_at", models.DateTimeField()),
                        ("price_version", models.BigIntegerField()),
                        (
                            "journal_id",
                            models.UUIDField(help_text="UUIDv7: the latest is the largest."),
                        ),
                        (
                            "unpriced_calls",
                            models.BigIntegerField(
                                help_text="-1 when the call had no price before."
                            ),
                        ),
                        ("actual_usd", models.DecimalField(decimal_places=18, max_digits=38)),
                        (
                            "counterfactual_usd",
                            models.DecimalField(decimal_places=18, max_digits=38),
                        ),
                        ("saved_usd", models.DecimalField(decimal_places=18, max_digits=38)),
                    ],
                    options={"db_table": "usage_adjustment"},
                ),
            ],
        ),
    ]
