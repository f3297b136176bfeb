"""What routing is certified for."""


def pair_namespace(requested: str, model: str) -> str:
    """Of calls for one model that another one may serve; certificates of routing hold for it."""
    return f"{requested}>{model}"
