"""An organization goes into a file, out of the installation and back, and nobody else's row moves.

Files are written from a snapshot of their own, so these tests commit what they make.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from apps.kernel.clock import utc_now
from apps.pricing.models import PriceBookEdition
from apps.tenants import schema
from apps.tenants.archives import (
    AlreadyThere,
    ArchiveUnreadable,
    FileExists,
    NotRemovable,
    OtherRelease,
    OtherSecrets,
    PricesDiffer,
    export_organization,
    remove_organization,
    restore_organization,
)
from apps.tenants.context import tenant_scope
from apps.tenants.models import (
    ApiKey,
    GatewayChange,
    Membership,
    Organization,
    ProviderCredential,
    User,
)
from apps.tenants.opening import secret_of
from apps.tenants.services.api_keys import recognise_api_key
from apps.tenants.services.data_keys import data_key
from apps.tenants.services.demo import ensure_system_organization
from apps.usage.selectors import events
from apps.usage.services.checking import check_usage
from apps.usage.services.ingestion import ingest_events
from tests import databases, factories
from tests.conftest import use_database
from tests.pricing.editions import publish
from tests.tenants.archives.furnishing import SECRET, furnish, make_call
from tests.usage.calls import AT

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = """
    SELECT pgh_label, metadata ->> 'command' FROM tenants_organizationevent
    LEFT JOIN pghistory_context c ON c.id = pgh_context_id WHERE pgh_obj_id = %s ORDER BY pgh_id
"""


@pytest.fixture
def fresh(django_db_blocker: object) -> Iterator[str]:
    """The URL of another installation's database: migrated, and empty."""
    mine = os.environ["DATABASE_URL"]
    template = databases.template_name()
    yield databases.clone(mine, template, f"fresh_{mine.rpartition('/')[2]}")
    use_database(mine)


def contents(organization: Organization, folder: Path) -> dict[str, list[bytes]]:
    """The rows of an organization by table, audits and what names people by key aside."""
    path = folder / f"{len(list(folder.iterdir()))}.zip"
    manifest = export_organization(organization=organization, path=path, at=AT)
    with zipfile.ZipFile(path) as file:
        return {
            member.name: sorted(file.read(member.name).splitlines())
            for member in manifest.members
            if member.place in {"own", "public"} and not _differs(member.columns)
        }


def _differs(columns: tuple[str, ...]) -> bool:
    return bool({"user_id", "created_by_id", "invited_by_id", "pgh_label"} & set(columns))


def test_what_was_removed_comes_back_as_it_was(tmp_path: Path) -> None:
    (acme, key), (globex, _) = furnish("acme"), furnish("globex")
    before, others = contents(acme, tmp_path), contents(globex, tmp_path)
    version = GatewayChange.objects.get(pk=acme.pk).version

    remove_organization(organization=acme, path=tmp_path / "acme.zip", at=AT)

    assert not Organization.objects.filter(pk=acme.pk).exists()
    assert contents(globex, tmp_path) == others

    restore_organization(path=tmp_path / "acme.zip")

    assert contents(acme, tmp_path) == before
    assert contents(globex, tmp_path) == others
    # Gateways hear that it went and that it came.
    assert GatewayChange.objects.get(pk=acme.pk).version > version
    assert recognise_api_key(text=key, at=utc_now()).organization_id == acme.pk
    with tenant_scope(acme):
        assert check_usage(organization=acme, months=1, at=AT) == []


def test_secrets_stay_sealed_in_the_file_and_open_after_it(tmp_path: Path) -> None:
    acme, key = furnish("acme")
    path = tmp_path / "acme.zip"
    remove_organization(organization=acme, path=path, at=AT)
    with zipfile.ZipFile(path) as file:
        everything = b"".join(file.read(name) for name in file.namelist())
    for secret in (SECRET, key, factories.PASSWORD):
        assert secret.encode() not in everything
    assert path.stat().st_mode & 0o777 == 0o600

    restore_organization(path=path)

    row = ProviderCredential.objects.get(organization=acme)
    assert secret_of(row, data_key(acme, at=AT)) == SECRET


def test_nothing_of_another_organization_is_in_the_file(tmp_path: Path) -> None:
    (acme, _), (globex, _) = furnish("acme"), furnish("globex")

    export_organization(organization=acme, path=tmp_path / "acme.zip", at=AT)

    with zipfile.ZipFile(tmp_path / "acme.zip") as file:
        everything = b"".join(file.read(name) for name in file.namelist())
    assert b"acme" in everything
    canaries = ("globex", str(globex.pk), globex.pk.hex)
    assert [word for word in canaries if word.encode() in everything] == []


def test_a_new_installation_takes_it_and_its_people_set_passwords(
    tmp_path: Path, fresh: str
) -> None:
    publish("10")
    acme, key = furnish("acme")
    before = contents(acme, tmp_path)
    export_organization(organization=acme, path=tmp_path / "acme.zip", at=AT)
    editions = list(PriceBookEdition.objects.values_list("version", "catalogue_id"))

    use_database(fresh)
    factories.make_user("somebody@else.test")
    known = factories.make_user("ACME@finance.test".lower())
    restore_organization(path=tmp_path / "acme.zip")

    assert contents(acme, tmp_path) == before
    assert list(PriceBookEdition.objects.values_list("version", "catalogue_id")) == editions
    assert recognise_api_key(text=key, at=utc_now()).organization_id == acme.pk
    members = Membership.objects.filter(organization=acme).select_related("user")
    assert {(each.user.email, each.role) for each in members} == {
        ("acme@owner.test", "owner"),
        ("acme@finance.test", "finance"),
    }
    assert members.get(role="finance").user == known
    assert not User.objects.get(email="acme@owner.test").has_usable_password()
    ingest_events(organization=acme, events=[make_call(acme, "acme")], at=AT)
    with tenant_scope(acme):
        assert events().count() == 3
        assert check_usage(organization=acme, months=1, at=AT) == []


def test_another_price_book_is_refused(tmp_path: Path, fresh: str) -> None:
    acme, _ = furnish("acme")
    export_organization(organization=acme, path=tmp_path / "acme.zip", at=AT)

    use_database(fresh)
    publish("20")

    with pytest.raises(PricesDiffer):
        restore_organization(path=tmp_path / "acme.zip")
    assert list(Organization.objects.all()) == []
    assert list(User.objects.all()) == []


def test_nothing_is_restored_over_an_organization(tmp_path: Path) -> None:
    acme, _ = furnish("acme")
    path = tmp_path / "acme.zip"
    before = contents(acme, tmp_path)
    export_organization(organization=acme, path=path, at=AT)

    with pytest.raises(AlreadyThere):
        restore_organization(path=path)

    remove_organization(organization=acme, path=tmp_path / "again.zip", at=AT)
    taken = factories.make_organization("acme")
    with pytest.raises(AlreadyThere):
        restore_organization(path=path)
    assert taken.slug == "acme"
    assert before


def test_a_file_that_was_changed_restores_nothing(tmp_path: Path) -> None:
    acme, _ = furnish("acme")
    path, changed = tmp_path / "acme.zip", tmp_path / "changed.zip"
    remove_organization(organization=acme, path=path, at=AT)
    schemas = _schemas()
    for name in ("manifest.json", "public/tenants_membership.copy", "own/usage_event.copy"):
        with zipfile.ZipFile(path) as file, zipfile.ZipFile(changed, "w") as other:
            for each in file.namelist():
                content = file.read(each)
                other.writestr(each, content.replace(b"a", b"b", 1) if each == name else content)
        with pytest.raises(ArchiveUnreadable):
            restore_organization(path=changed)

    assert not Organization.objects.filter(pk=acme.pk).exists()
    assert _schemas() == schemas


def test_other_secrets_and_other_releases_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, _ = furnish("acme")
    path = tmp_path / "acme.zip"
    remove_organization(organization=acme, path=path, at=AT)
    for name in ("KEY_ENCRYPTION_KEYS", "API_KEY_PEPPERS"):
        ring = getattr(settings, name)
        others = replace(ring, keys=dict.fromkeys(ring.keys, b"?" * 32))
        with monkeypatch.context() as patch:
            patch.setattr(settings, name, others)
            with pytest.raises(OtherSecrets):
                restore_organization(path=path)

    monkeypatch.setattr(schema, "tenant_leaf", lambda: "another")
    with pytest.raises(OtherRelease):
        restore_organization(path=path)
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(ArchiveUnreadable):
        restore_organization(path=tmp_path / "text.zip")


def test_a_file_is_not_overwritten_and_a_failed_one_leaves_nothing(tmp_path: Path) -> None:
    acme, _ = furnish("acme")
    path = tmp_path / "acme.zip"
    path.write_text("mine")

    with pytest.raises(FileExists):
        remove_organization(organization=acme, path=path, at=AT)

    assert [each.name for each in tmp_path.iterdir()] == ["acme.zip"]
    assert path.read_text() == "mine"
    assert ApiKey.objects.filter(organization=acme).count() == 1


def test_the_system_organization_stays(tmp_path: Path) -> None:
    system = ensure_system_organization(at=AT)
    with pytest.raises(NotRemovable):
        remove_organization(organization=system, path=tmp_path / "system.zip", at=AT)


def test_the_audit_keeps_what_it_knew_and_tells_of_both_steps(tmp_path: Path) -> None:
    acme, _ = furnish("acme")

    remove_organization(organization=acme, path=tmp_path / "acme.zip", at=AT)
    restore_organization(path=tmp_path / "acme.zip")

    with connection.cursor() as cursor:
        cursor.execute(TOLD, [acme.pk])
        told = cursor.fetchall()
    assert told == [
        ("insert", None),
        ("delete", "remove_organization"),
        ("insert", "restore_organization"),
    ]


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    acme, _ = furnish("acme")
    path, said = tmp_path / "acme.zip", StringIO()

    call_command("export_organization", "acme", path, stdout=said)
    path.unlink()
    call_command("remove_organization", "acme", path, stdout=said)
    call_command("restore_organization", path, stdout=said)

    with zipfile.ZipFile(path) as file:
        rows = sum(each["rows"] for each in json.loads(file.read("manifest.json"))["members"])
    [exported, removed, restored] = said.getvalue().splitlines()
    assert removed == f"acme is removed; {rows} rows of it are in {path}"
    assert exported.startswith("acme: ")
    assert restored.endswith("are back")
    for command in ("export_organization", "remove_organization"):
        with pytest.raises(CommandError, match="There is no organization of that name"):
            call_command(command, "nobody", path, stdout=said)
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore_organization", tmp_path / "absent.zip", stdout=said)
    with pytest.raises(CommandError):
        call_command("restore_organization", path, stdout=said)
    assert acme.slug == "acme"


def _schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]
