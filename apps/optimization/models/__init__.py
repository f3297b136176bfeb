"""Tables of one organization's schema: what it says about levers, and of answers."""

from apps.optimization.models.feedback import Feedback
from apps.optimization.models.policies import CacheFlush, Policy

__all__ = ["CacheFlush", "Feedback", "Policy"]
