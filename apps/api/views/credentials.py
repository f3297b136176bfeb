"""Provider credentials."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.credentials import CredentialNew, CredentialOut, CredentialSecret
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.addresses import BaseUrlRefused
from apps.tenants.permissions import Permission
from apps.tenants.selectors import credentials
from apps.tenants.services.credentials import (
    CredentialInUse,
    CredentialNameTaken,
    InvalidCredential,
    PlatformCredential,
    delete_credential,
    replace_secret,
    store_credential,
)


@extend_schema(tags=["Credentials"])
class CredentialsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.CREDENTIALS_READ,
        "retrieve": Permission.CREDENTIALS_READ,
        "create": Permission.CREDENTIALS_WRITE,
        "destroy": Permission.CREDENTIALS_WRITE,
        "replace": Permission.CREDENTIALS_WRITE,
    }
    raises = {
        "create": (InvalidCredential, BaseUrlRefused, CredentialNameTaken),
        "destroy": (CredentialInUse, PlatformCredential),
        "replace": (InvalidCredential, BaseUrlRefused, PlatformCredential),
    }

    @extend_schema(operation_id="listCredentials", responses=CredentialOut(many=True))
    def list(self, _request: Request) -> Response:
        """List provider credentials

        Secrets are never shown; `hint` is the end of each.
        """
        return self.page(credentials(self.organization), CredentialOut)

    @extend_schema(operation_id="getCredential", responses=CredentialOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a provider credential"""
        return Response(CredentialOut(credentials(self.organization).get(pk=id)).data)

    @extend_schema(
        operation_id="createCredential", request=CredentialNew, responses={201: CredentialOut}
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Store a provider credential"""
        credential = store_credential(
            organization=self.organization, at=utc_now(), **self.checked(CredentialNew)
        )
        return Response(CredentialOut(credential).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="deleteCredential", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Delete a provider credential"""
        delete_credential(organization=self.organization, credential_id=id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="replaceCredentialSecret", request=CredentialSecret, responses=CredentialOut
    )
    @acts_once
    def replace(self, _request: Request, id: UUID) -> Response:
        """Replace the secret of a provider credential

        `base_url` and `api_version` stay as they are when left out. They change together with the
        secret only, so that nobody sends a secret that they cannot read to another host.
        """
        credential = replace_secret(
            organization=self.organization,
            credential_id=id,
            at=utc_now(),
            **self.checked(CredentialSecret),
        )
        return Response(CredentialOut(credential).data)
