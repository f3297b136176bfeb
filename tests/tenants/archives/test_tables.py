"""Every table of `public` is known to hold rows of organizations, or to be shared."""

from uuid import UUID

from apps.tenants.archives.tables import (
    LEFT_BEHIND,
    carried_tables,
    public_tables,
    shared_models,
)

ANYBODY = UUID(int=1)
# Of people, of the installation, or of everybody. A new table that is neither here nor leads to an
# organization by its keys would be missing from archives.
SHARED = {
    "account_emailaddress", "account_emailconfirmation", "auth_group", "auth_group_permissions",
    "auth_permission", "django_admin_log", "django_celery_beat_clockedschedule",
    "django_celery_beat_crontabschedule", "django_celery_beat_intervalschedule",
    "django_celery_beat_periodictask", "django_celery_beat_periodictasks",
    "django_celery_beat_solarschedule", "django_content_type", "django_session",
    "mfa_authenticator", "pghistory_context", "pricing_catalogue", "pricing_catalogueevent",
    "pricing_pricebookedition", "pricing_pricebookeditionevent", "tenants_flag",
    "tenants_flagevent", "tenants_user", "tenants_user_groups", "tenants_user_user_permissions",
    "tenants_userevent", "tenants_usergroupevent", "usersessions_usersession",
}  # fmt: skip


def test_every_public_table_is_an_organizations_or_known_to_be_shared() -> None:
    of_organizations = {table.name for table in public_tables(ANYBODY)}
    everything = {model._meta.db_table for model in shared_models()}
    assert everything - of_organizations == SHARED


def test_rows_that_lead_to_an_organization_over_others_are_its_own() -> None:
    names = {table.name for table in carried_tables(ANYBODY)}
    assert names >= {"tenants_routetarget", "ledger_entry", "notices_attempt", "sharing_proofvisit"}


def test_what_is_left_behind_exists() -> None:
    assert set(LEFT_BEHIND) <= {table.name for table in public_tables(ANYBODY)}


def test_nobody_refers_to_a_key_that_is_counted_anew() -> None:
    carried = list(carried_tables(ANYBODY))
    counted = {table.name for table in carried if table.key not in table.columns}
    referred = {
        field.related_model._meta.db_table
        for model in shared_models()
        for field in model._meta.concrete_fields
        if field.related_model and model._meta.db_table in {table.name for table in carried}
    }
    assert counted & referred == set()


def test_whoever_others_refer_to_comes_first_and_audits_come_last() -> None:
    order = [table.name for table in public_tables(ANYBODY)]
    assert order.index("tenants_route") < order.index("tenants_routetarget")
    assert order.index("ledger_journal") < order.index("ledger_entry")
    audits = [table.is_audit for table in public_tables(ANYBODY)]
    assert audits == sorted(audits)
