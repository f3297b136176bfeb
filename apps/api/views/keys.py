"""API keys."""

from datetime import timedelta
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.keys import (
    KeyChange,
    KeyNew,
    KeyOut,
    KeyQuery,
    KeyRotation,
    NewKeyOut,
)
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.models import Project
from apps.tenants.permissions import GrantRefused, Permission
from apps.tenants.selectors import api_keys, projects
from apps.tenants.services.api_keys import (
    InvalidKeyRequest,
    KeyNotActive,
    create_api_key,
    rename_api_key,
    revoke_api_key,
    rotate_api_key,
)


@extend_schema(tags=["Keys"])
class KeysView(OrganizationViewSet):
    declared_access = {
        "list": Permission.KEYS_READ,
        "retrieve": Permission.KEYS_READ,
        "create": Permission.KEYS_WRITE,
        "partial_update": Permission.KEYS_WRITE,
        "revoke": Permission.KEYS_WRITE,
        "rotate": Permission.KEYS_WRITE,
    }
    raises = {
        "create": (InvalidKeyRequest, GrantRefused),
        "partial_update": (KeyNotActive, GrantRefused),
        "revoke": (KeyNotActive, GrantRefused),
        "rotate": (InvalidKeyRequest, KeyNotActive, GrantRefused),
    }

    @extend_schema(operation_id="listKeys", parameters=[KeyQuery], responses=KeyOut(many=True))
    def list(self, _request: Request) -> Response:
        """List API keys

        Revoked and expired ones included; `state` tells them apart.
        """
        wanted = self.asked(KeyQuery).validated_data
        return self.page(api_keys(self.organization).filter(**wanted), KeyOut)

    @extend_schema(operation_id="getKey", responses=KeyOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show an API key"""
        return Response(KeyOut(api_keys(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="createKey", request=KeyNew, responses={201: NewKeyOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Make an API key

        `key` is shown in this answer only. A key never gets a scope that the caller lacks.
        """
        body = self.checked(KeyNew)
        new = create_api_key(
            project=self._project(body.pop("project_id")),
            scopes=[Permission(scope) for scope in body.pop("scopes")],
            granted_by=self.actor.permissions,
            created_by=self.actor.user,
            at=utc_now(),
            **body,
        )
        return Response(NewKeyOut(new).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="updateKey", request=KeyChange, responses=KeyOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Rename an API key"""
        api_key = rename_api_key(
            organization=self.organization,
            api_key_id=id,
            granted_by=self.actor.permissions,
            at=utc_now(),
            **self.checked(KeyChange),
        )
        return Response(KeyOut(api_key).data)

    @extend_schema(operation_id="revokeKey", request=None, responses=KeyOut)
    @acts_once
    def revoke(self, _request: Request, id: UUID) -> Response:
        """Revoke an API key

        It stops working at once. A caller revokes keys with scopes that it holds itself.
        """
        api_key = revoke_api_key(
            organization=self.organization,
            api_key_id=id,
            granted_by=self.actor.permissions,
            at=utc_now(),
        )
        return Response(KeyOut(api_key).data)

    @extend_schema(operation_id="rotateKey", request=KeyRotation, responses={201: NewKeyOut})
    @acts_once
    def rotate(self, _request: Request, id: UUID) -> Response:
        """Rotate an API key

        Makes a key with the same name, project, scopes and expiry. `key` is shown in this answer
        only; the old key works for `overlap_seconds` more.
        """
        new = rotate_api_key(
            organization=self.organization,
            api_key_id=id,
            overlap=timedelta(seconds=self.checked(KeyRotation)["overlap_seconds"]),
            granted_by=self.actor.permissions,
            created_by=self.actor.user,
            at=utc_now(),
        )
        return Response(NewKeyOut(new).data, status.HTTP_201_CREATED)

    def _project(self, project_id: UUID) -> Project:
        project = projects(self.organization).filter(pk=project_id).first()
        if project is None:
            raise serializers.ValidationError(
                {"project_id": ["The organization has no project of this id."]}
            )
        return project
