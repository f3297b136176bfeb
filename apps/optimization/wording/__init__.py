"""What two texts have in common by their words alone: near-exact keys and vetoes. Pure, English."""

from apps.optimization.wording.normalizing import near_key
from apps.optimization.wording.vetoes import veto

__all__ = ["near_key", "veto"]
