"""What Netra was worth, as its page shows it."""

from apps.portal.valuing.addresses import Addresses
from apps.portal.valuing.glance import days_of, stats_of, window_words
from apps.portal.valuing.pictures import pictures_of
from apps.portal.valuing.proof import proof_context
from apps.portal.valuing.tables import arm_table, bucket_table, lever_table, rate_table

__all__ = [
    "Addresses",
    "arm_table",
    "bucket_table",
    "days_of",
    "lever_table",
    "pictures_of",
    "proof_context",
    "rate_table",
    "stats_of",
    "window_words",
]
