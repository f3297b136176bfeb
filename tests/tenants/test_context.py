import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants import schema
from apps.tenants.context import NoTenantScope, current_tenant, tenant_scope
from apps.tenants.idempotency.models import Reply
from apps.tenants.models import Organization
from tests.factories import make_organization


def make_reply(key: str) -> Reply:
    return Reply.objects.create(caller="user:1", key=key, status=201, created_at=timezone.now())


@pytest.mark.django_db
def test_a_scope_reaches_the_rows_of_its_organization_only() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    with tenant_scope(acme):
        make_reply("acme")
    with tenant_scope(globex):
        make_reply("globex")

        assert [reply.key for reply in Reply.objects.all()] == ["globex"]
    with tenant_scope(acme):
        assert [reply.key for reply in Reply.objects.all()] == ["acme"]


@pytest.mark.django_db
def test_reading_and_writing_outside_a_scope_is_refused() -> None:
    make_organization()

    with pytest.raises(NoTenantScope, match="Reply belongs to one organization"):
        Reply.objects.count()
    with pytest.raises(NoTenantScope):
        make_reply("stray")


@pytest.mark.django_db
def test_a_nested_scope_gives_way_to_the_outer_one() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")

    with tenant_scope(acme):
        with tenant_scope(globex):
            assert current_tenant() == globex
        assert current_tenant() == acme
    with pytest.raises(NoTenantScope):
        current_tenant()


@pytest.mark.django_db
def test_a_failure_inside_the_scope_closes_it() -> None:
    acme = make_organization()

    with pytest.raises(ZeroDivisionError), tenant_scope(acme):
        _ = 1 / 0

    assert schema.current() == "public"


@pytest.mark.django_db(transaction=True)
def test_a_thread_started_inside_a_scope_has_no_scope_of_its_own() -> None:
    acme = make_organization()
    refused: list[bool] = []

    def read() -> None:
        try:
            Reply.objects.count()
        except NoTenantScope:
            refused.append(True)
        finally:
            connection.close()

    with tenant_scope(acme):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    assert refused == [True]


@pytest.mark.django_db(transaction=True)
def test_interleaved_threads_never_see_each_others_rows() -> None:
    organizations = [make_organization(name) for name in ("Acme", "Globex", "Initech")]

    def write_and_read(number: int) -> list[str]:
        organization = organizations[number % 3]
        try:
            with tenant_scope(organization):
                make_reply(f"{organization.name} {number}")
                return list(Reply.objects.values_list("key", flat=True))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(write_and_read, range(30)))

    names = [{key.split()[0] for key in keys} for keys in seen]
    assert names == [{organizations[number % 3].name} for number in range(30)]


@pytest.mark.django_db(transaction=True)
def test_async_tasks_keep_their_own_organization() -> None:
    organizations = [make_organization(name) for name in ("Acme", "Globex")]

    def write_and_read(organization: Organization) -> set[str]:
        try:
            with tenant_scope(organization):
                make_reply(f"{organization.name} {uuid7()}")
                return {key.split()[0] for key in Reply.objects.values_list("key", flat=True)}
        finally:
            connection.close()

    async def main() -> list[set[str]]:
        calls = (sync_to_async(write_and_read)(organizations[n % 2]) for n in range(10))
        return list(await asyncio.gather(*calls))

    seen = asyncio.run(main())

    assert seen == [{organizations[n % 2].name} for n in range(10)]
