"""Each operation declares what it asks of the caller; one that does not is refused."""

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.kernel.errors import NetraError
from apps.tenants.actors import Actor
from apps.tenants.permissions import Access, Permission

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class UndeclaredOperation(NetraError):
    code = "undeclared_operation"
    http_status = 500
    message = "This operation declares no permission: add it to declared_access of its view."


class DeclaredPermission(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the caller holds what the operation declares.

        Raises PermissionRefused, NotAuthenticated, MethodNotAllowed, UndeclaredOperation.
        """
        if request.method not in view.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        declared = access_of(view)
        if declared is None:
            raise UndeclaredOperation
        if isinstance(declared, Permission):
            _caller(request).require(declared)
        return True


def access_of(view: "APIView", method: str | None = None) -> Permission | Access | None:
    """What the view's present action (or `method` of a plain view) asks for; None: undeclared."""
    declared: dict[str, Permission | Access] = getattr(view, "declared_access", {})
    request: Any = getattr(view, "request", None)
    action = getattr(view, "action", None) or method or (request and request.method)
    return declared.get(str(action)) or declared.get(str(action).lower())


def _caller(request: Request) -> Actor:
    if not isinstance(request.auth, Actor):
        raise NotAuthenticated
    return request.auth
