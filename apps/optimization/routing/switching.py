"""Changing the model of a running conversation leaves its cached prefix behind."""

_READ, _WRITE = 0.1, 1.25  # of an uncached input token; see docs of prefix.CachePrices


def calls_to_pay(price_ratio: float, *, read: float = _READ, write: float = _WRITE) -> float:
    """How many more calls a conversation must have for a switch to pay on input.

    `price_ratio`: price of the new model over that of the old one, in [0, 1). The prefix is
    written once at the new price instead of read at the old one, then read at the new one:
    ratio * (write - read) / (read * (1 - ratio)), which is 11.5 r / (1 - r). Infinite from 1 on.
    """
    if price_ratio >= 1:
        return float("inf")
    return price_ratio * (write - read) / (read * (1 - price_ratio))


def pays_to_switch(price_ratio: float, *, calls_left: float, is_warm: bool) -> bool:
    """`calls_left` that the conversation is expected to have; a cold one has nothing to lose."""
    return price_ratio < 1 and (not is_warm or calls_left > calls_to_pay(price_ratio))
