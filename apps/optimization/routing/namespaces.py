"""What routing is certified for, and what conversations are kept by."""

SHADOW_SHARE = 0.1  # of what may be routed, or is not yet certified: asked of both models


def pair_namespace(requested: str, model: str) -> str:
    """Of calls for one model that another one may serve; certificates of routing hold for it."""
    return f"{requested}>{model}"
