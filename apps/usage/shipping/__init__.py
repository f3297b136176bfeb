"""From the spool into Postgres: commit first, then let go of the files."""

from apps.usage.shipping.shipper import Shipper, only_shipper
from apps.usage.shipping.status import ShipperStatus, read_status

__all__ = ["Shipper", "ShipperStatus", "only_shipper", "read_status"]
