"""Rows of the public schema that say who is asking."""

from apps.tenants.models.announcement import GatewayChange
from apps.tenants.models.api_key import ApiKey
from apps.tenants.models.credential import DataKey, ProviderCredential
from apps.tenants.models.entitlement import Entitlement, Flag
from apps.tenants.models.gateway_part import GatewayPart
from apps.tenants.models.job import Job
from apps.tenants.models.limit import Limit, LimitKind, Window
from apps.tenants.models.organization import Invitation, Membership, Organization
from apps.tenants.models.project import Project
from apps.tenants.models.route import Route, RouteTarget, Strategy
from apps.tenants.models.support import SupportAccess
from apps.tenants.models.user import User

__all__ = [
    "ApiKey",
    "DataKey",
    "Entitlement",
    "Flag",
    "GatewayChange",
    "GatewayPart",
    "Invitation",
    "Job",
    "Limit",
    "LimitKind",
    "Membership",
    "Organization",
    "Project",
    "ProviderCredential",
    "Route",
    "RouteTarget",
    "Strategy",
    "SupportAccess",
    "User",
    "Window",
]
