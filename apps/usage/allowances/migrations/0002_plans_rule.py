"""Runs of agents are the plan's again: the entitlement that each organization started with goes.

It said 100, as the plan of then did, and would have stayed after a change of plan. One that staff set
later, or with another value, is an exception of that customer and stays.
"""

from django.db import migrations
from django.db.models import F


def forget_starting_amounts(apps, _schema_editor):
    started_with = apps.get_model("tenants", "Entitlement").objects.filter(
        code="agent_runs", value=100, valid_until=None, valid_from=F("organization__created_at")
    )
    started_with.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("allowances", "0001_initial"),
        ("tenants", "0003_gateway_configuration"),
    ]

    operations = [migrations.RunPython(forget_starting_amounts, migrations.RunPython.noop)]
