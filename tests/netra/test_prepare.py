from io import StringIO

import pytest
from django.core.management import call_command

from apps.pricing.models import PriceBookEdition


@pytest.mark.django_db
def test_preparing_twice_publishes_the_shipped_prices_once() -> None:
    for _ in range(2):
        call_command("prepare", stdout=StringIO())

    assert [edition.version for edition in PriceBookEdition.objects.all()] == [1]
