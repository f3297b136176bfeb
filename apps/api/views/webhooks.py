"""Webhook endpoints and what was sent to them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.webhooks import (
    DeliveryDetailOut,
    DeliveryOut,
    WebhookChange,
    WebhookNew,
    WebhookOut,
    WebhookRotation,
    WebhookSecretOut,
)
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.notices.selectors import deliveries, endpoints
from apps.notices.services.deliveries import EndpointDisabled, ping_endpoint, redeliver
from apps.notices.services.endpoints import (
    InvalidWebhook,
    TooManyWebhooks,
    WebhookTaken,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
)
from apps.tenants.permissions import Permission


@extend_schema(tags=["Webhooks"])
class WebhooksView(OrganizationViewSet):
    declared_access = {
        "list": Permission.WEBHOOKS_READ,
        "retrieve": Permission.WEBHOOKS_READ,
        "create": Permission.WEBHOOKS_WRITE,
        "partial_update": Permission.WEBHOOKS_WRITE,
        "destroy": Permission.WEBHOOKS_WRITE,
        "rotate": Permission.WEBHOOKS_WRITE,
        "enable": Permission.WEBHOOKS_WRITE,
        "disable": Permission.WEBHOOKS_WRITE,
        "ping": Permission.WEBHOOKS_WRITE,
    }
    raises = {
        "create": (InvalidWebhook, WebhookTaken, TooManyWebhooks),
        "partial_update": (InvalidWebhook, WebhookTaken),
        "rotate": (InvalidWebhook,),
        "ping": (EndpointDisabled,),
    }

    @extend_schema(operation_id="listWebhooks", responses=WebhookOut(many=True))
    def list(self, _request: Request) -> Response:
        """List webhook endpoints"""
        return self.page(endpoints(self.organization), WebhookOut)

    @extend_schema(operation_id="getWebhook", responses=WebhookOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a webhook endpoint"""
        return Response(WebhookOut(endpoints(self.organization).get(pk=id)).data)

    @extend_schema(
        operation_id="createWebhook", request=WebhookNew, responses={201: WebhookSecretOut}
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Add a webhook endpoint

        Notices are sent there as Standard Webhooks (https://www.standardwebhooks.com). `secret` is
        shown in this answer only.
        """
        new = create_endpoint(
            organization=self.organization, at=utc_now(), **_named(self.checked(WebhookNew))
        )
        return Response(WebhookSecretOut(new).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="updateWebhook", request=WebhookChange, responses=WebhookOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Change a webhook endpoint"""
        row = endpoints(self.organization).get(pk=id)
        said = {name: getattr(row, name) for name in ("url", "kinds", "description")}
        changed = _named(self.checked(WebhookChange, is_partial=True))
        return Response(
            WebhookOut(
                change_endpoint(organization=self.organization, endpoint_id=id, **said | changed)
            ).data
        )

    @extend_schema(operation_id="deleteWebhook", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Delete a webhook endpoint

        What was sent to it is forgotten too.
        """
        delete_endpoint(organization=self.organization, endpoint_id=id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="rotateWebhookSecret",
        request=WebhookRotation,
        responses={201: WebhookSecretOut},
    )
    @acts_once
    def rotate(self, _request: Request, id: UUID) -> Response:
        """Rotate the secret of a webhook endpoint

        `secret` is shown in this answer only. Messages carry the signatures of both secrets for
        `overlap_seconds` more.
        """
        new = rotate_secret(
            organization=self.organization,
            endpoint_id=id,
            overlap=timedelta(seconds=self.checked(WebhookRotation)["overlap_seconds"]),
            at=utc_now(),
        )
        return Response(WebhookSecretOut(new).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="enableWebhook", request=None, responses=WebhookOut)
    @acts_once
    def enable(self, _request: Request, id: UUID) -> Response:
        """Turn a webhook endpoint on"""
        row = enable_endpoint(organization=self.organization, endpoint_id=id)
        return Response(WebhookOut(row).data)

    @extend_schema(operation_id="disableWebhook", request=None, responses=WebhookOut)
    @acts_once
    def disable(self, _request: Request, id: UUID) -> Response:
        """Turn a webhook endpoint off

        Messages that wait for another attempt are given up; they can be sent again by hand.
        """
        row = disable_endpoint(organization=self.organization, endpoint_id=id, at=utc_now())
        return Response(WebhookOut(row).data)

    @extend_schema(operation_id="pingWebhook", request=None, responses={202: DeliveryOut})
    @acts_once
    def ping(self, _request: Request, id: UUID) -> Response:
        """Send a test message to a webhook endpoint

        Look the delivery up to see what the endpoint answered.
        """
        row = ping_endpoint(organization=self.organization, endpoint_id=id, at=utc_now())
        return Response(DeliveryOut(row).data, status.HTTP_202_ACCEPTED)


@extend_schema(tags=["Webhooks"])
class DeliveriesView(OrganizationViewSet):
    declared_access = {
        "list": Permission.WEBHOOKS_READ,
        "retrieve": Permission.WEBHOOKS_READ,
        "redeliver": Permission.WEBHOOKS_WRITE,
    }
    raises = {"redeliver": (EndpointDisabled,)}

    @extend_schema(operation_id="listDeliveries", responses=DeliveryOut(many=True))
    def list(self, _request: Request) -> Response:
        """List webhook messages

        To any endpoint, newest first, of the last 90 days.
        """
        return self.page(deliveries(self.organization), DeliveryOut)

    @extend_schema(operation_id="getDelivery", responses=DeliveryDetailOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a webhook message with its attempts"""
        return Response(DeliveryDetailOut(deliveries(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="redeliver", request=None, responses={202: DeliveryOut})
    @acts_once
    def redeliver(self, _request: Request, id: UUID) -> Response:
        """Send a webhook message again

        Under the same `webhook-id`, also when it was delivered before.
        """
        row = redeliver(organization=self.organization, delivery_id=id, at=utc_now())
        return Response(DeliveryOut(row).data, status.HTTP_202_ACCEPTED)


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of the body by the names of the service."""
    return {("kinds" if name == "events" else name): value for name, value in body.items()}
