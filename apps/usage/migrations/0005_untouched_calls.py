"""What each call of an experiment would have been charged for, and the events of its periods."""

from django.db import migrations, models

COLUMNS = """
ALTER TABLE usage_event ADD COLUMN untouched jsonb NOT NULL DEFAULT '[]';
CREATE INDEX usage_event_units ON usage_event (period_id, unit, started_at)
    WHERE period_id IS NOT NULL;
"""
NO_COLUMNS = """
DROP INDEX usage_event_units;
ALTER TABLE usage_event DROP COLUMN untouched;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0004_repricing")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS, NO_COLUMNS)],
            state_operations=[
                migrations.AddField(
                    "usageevent",
                    "untouched",
                    models.JSONField(help_text="Charges, where a lever acted in an experiment."),
                )
            ],
        ),
    ]
