"""Finds the events of an end user: a month of one read all events of the month."""

from django.db import migrations

# As questions ask for it (store/sources.py): what is longer than a key may be is cut.
INDEX = """
CREATE INDEX usage_event_by_end_user ON usage_event (left(end_user, 200), started_at)
    WHERE end_user IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0006_facet_weeks")]

    operations = [migrations.RunSQL(INDEX, "DROP INDEX usage_event_by_end_user;")]
