import re

import pytest
import yaml
from django.test import Client
from drf_spectacular.validation import validate_schema

from apps.api.views.reference import openapi_document

pytestmark = pytest.mark.django_db


def test_the_contract_is_valid_openapi_31_as_json_and_yaml() -> None:
    as_json = Client().get("/api/v1/schema")
    as_yaml = Client().get("/api/v1/schema", headers={"Accept": "application/yaml"})
    assert as_json["Content-Type"] == "application/json"
    assert as_yaml["Content-Type"] == "application/yaml; charset=utf-8"
    document = as_json.json()
    validate_schema(document)  # type: ignore[no-untyped-call]  # the package has no types
    assert (document["openapi"], yaml.safe_load(as_yaml.content)) == ("3.1.1", document)


def test_the_contract_knows_both_ways_to_sign_in() -> None:
    schemes = openapi_document()["components"]["securitySchemes"]
    assert (schemes["apiKey"]["scheme"], schemes["session"]["in"]) == ("bearer", "cookie")
    for methods in openapi_document()["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"apiKey": []}, {"session": []}]


def test_every_failure_is_documented_as_a_problem() -> None:
    document = openapi_document()
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    continue
                name = response.get("$ref", "").rpartition("/")[2]
                shown = document["components"]["responses"].get(name, response)
                assert list(shown["content"]) == ["application/problem+json"]
                content = shown["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                examples = content["examples"].values()
                assert {example["value"]["status"] for example in examples} == {int(status)}


def test_the_page_shows_every_operation_and_problem_under_the_strict_policy() -> None:
    response = Client().get("/api/v1/docs")
    text = response.content.decode()
    ids = {
        operation["operationId"]
        for methods in openapi_document()["paths"].values()
        for operation in methods.values()
    }
    assert set(re.findall(r'<article id="(\w+)"', text)) == ids
    assert {"not_found", "grant_refused", "last_project"} <= set(
        re.findall(r'id="problem-(\w+)"', text)
    )
    assert "unsafe" not in response["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*(?:src=|nonce=))|style=\"|onclick=", text) == []
    assert re.findall(r'(?:src|href)="https?://', text) == []
