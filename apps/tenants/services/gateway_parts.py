"""Tell gateways what an app has to say about an organization."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from apps.tenants.models import GatewayPart, Organization
from apps.tenants.opening import part_binding
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import seal


def publish_part(
    *, organization: Organization, name: str, document: Mapping[str, Any], at: datetime
) -> None:
    """Let `OrganizationAccess.parts[name]` be `document` (JSON types) at every gateway, within two
    seconds of the commit. To be called in the transaction that writes the app's own rows.
    """
    key = data_key(organization, at=at)
    bound_to = part_binding(organization.pk, name)
    sealed = seal(key, orjson.dumps(document), bound_to=bound_to)
    GatewayPart.objects.update_or_create(
        organization=organization, name=name, defaults={"sealed": sealed}
    )
