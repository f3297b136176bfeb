"""From the spool into Postgres: commit first, then let go of the files."""

from apps.usage.shipping.shipper import Shipper, only_shipper

__all__ = ["Shipper", "only_shipper"]
