import os
from pathlib import Path

from apps.tenants.permissions import KEY_SCOPES, ROLE_PERMISSIONS, Permission
from tests.house.operations import Operation, operations

MATRIX = Path(__file__).parents[2] / "docs" / "permissions.md"
HEADER = """# Who may do what

Generated from the one table in `apps/tenants/permissions.py` and the declarations of all views.
Write it again with `NETRA_WRITE_DOCS=1 ./apex test tests/house/test_permissions.py`.
A person who is no member of an organization gets 404. An API key may do what its scopes say;
no key can be given `organization.leave` or `organization.transfer`.

"""


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def marks(operation: Operation) -> list[str]:
    if not isinstance(operation.declared, Permission):
        return [str(operation.declared)] + [""] * len(ROLE_PERMISSIONS) + [""]
    allowed = [operation.declared in permissions for permissions in ROLE_PERMISSIONS.values()]
    return [operation.declared.value, *("yes" if each else "–" for each in allowed)] + [
        "by scope" if operation.declared in KEY_SCOPES else "–"
    ]


def matrix() -> str:
    titles = ["operation", "asks for", *ROLE_PERMISSIONS, "API key"]
    text = HEADER + row(titles) + row(["---"] * len(titles))
    for operation in operations():
        method = "" if operation.method == "any" else f"{operation.method} "
        text += row([f"`{method}{operation.path}`", *marks(operation)])
    return text


def test_every_operation_declares_what_it_asks_for() -> None:
    undeclared = [operation for operation in operations() if operation.declared is None]

    assert undeclared == []


def test_both_surfaces_are_walked() -> None:
    paths = {(operation.method, operation.path) for operation in operations()}

    assert ("POST", "/api/v1/keys") in paths
    assert ("any", "/o/<slug:slug>/keys/new/") in paths
    assert len(paths) > 50


def test_every_page_below_an_organization_asks_for_a_permission() -> None:
    lax = [
        operation.path
        for operation in operations()
        if "<slug:slug>" in operation.path and not isinstance(operation.declared, Permission)
    ]

    assert lax == []


def test_every_permission_is_asked_for_somewhere() -> None:
    asked = {operation.declared for operation in operations()}

    assert set(Permission) <= asked


def test_the_documented_matrix_is_true() -> None:
    if os.environ.get("NETRA_WRITE_DOCS"):
        MATRIX.write_text(matrix())

    assert MATRIX.read_text() == matrix()
