"""What a call becomes on its way to the provider: one module for each lever, run in turn.

Every change is spliced into the caller's own bytes, and nothing else of them is touched. What goes
wrong in a lever or takes too long there leaves the call as it came to the lever.
"""

from apps.proxy.stages.shaping.running import shape

__all__ = ["shape"]
