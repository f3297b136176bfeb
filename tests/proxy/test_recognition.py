"""Texts of keys are looked up again in each snapshot, and remembered only where they are keys."""

import hmac
from dataclasses import replace

from apps.proxy.recognition import Recognition
from tests.gateways import PEPPER, snapshot_of, tenant

ACME, OTHER = tenant(1, "http://upstream"), tenant(2, "http://upstream")
OLD_PEPPER = b"o" * 32


def test_each_tenant_is_known_by_its_own_key_time_and_again() -> None:
    recognition, snapshot = Recognition([PEPPER]), snapshot_of([ACME, OTHER])
    for each in (ACME, OTHER, ACME, OTHER):
        assert recognition.key(each.key, snapshot) == each.access


def test_a_key_that_left_the_snapshot_is_unknown_at_once() -> None:
    recognition = Recognition([PEPPER])
    assert recognition.key(ACME.key, snapshot_of([ACME, OTHER])) == ACME.access
    assert recognition.key(ACME.key, snapshot_of([OTHER])) is None


def test_a_changed_key_is_known_as_it_is_now() -> None:
    recognition = Recognition([PEPPER])
    recognition.key(ACME.key, snapshot_of([ACME]))
    renamed = replace(ACME, access=replace(ACME.access, name="Renamed"))
    assert recognition.key(ACME.key, snapshot_of([renamed])) == renamed.access


def test_a_key_of_an_earlier_pepper_is_known() -> None:
    digest = hmac.digest(OLD_PEPPER, ACME.key.encode(), "sha256")
    shard = replace(ACME.shard(), keys={digest: ACME.access})
    empty = snapshot_of([])
    snapshot = empty.with_organizations([shard], version=2, at=empty.built_at)
    assert Recognition([PEPPER, OLD_PEPPER]).key(ACME.key, snapshot) == ACME.access
    assert Recognition([PEPPER]).key(ACME.key, snapshot) is None


def test_what_is_no_key_is_unknown() -> None:
    recognition, snapshot = Recognition([PEPPER]), snapshot_of([ACME])
    for text in ("", "nap_live_short", ACME.key[:-1], OTHER.key, "ключ"):
        assert recognition.key(text, snapshot) is None
