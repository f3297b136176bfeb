"""What other apps have to say to gateways, side by side with what says who is asking."""

from django.db import models

from apps.tenants.models.announcement import announce_change
from apps.tenants.models.organization import Organization


class GatewayPart(models.Model):
    """The part of one app, as it stands in the organization's own tables.

    Those are the truth and keep the history; this copy lies in `public`, so that gateways read all
    organizations by one query and hear of a change as of any other. sealed: a JSON object, for it
    may hold what must not be known yet, under the organization's data key.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="gateway_parts"
    )
    name = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "name"), name="one_part_each_organization_and_name"
            ),
        )
        triggers = (announce_change(on=("sealed",)),)

    def __str__(self) -> str:
        return self.name
