"""One way to write each document, so that its bytes may be hashed.

JSON with sorted names, without spaces, UTF-8, no floats: a subset of RFC 8785.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

from apps.pricing.rates import Rate, TokenPrices

_PLACES = 18


def canonical(document: Any) -> bytes:
    """The bytes of a document of dicts, lists, strings, whole numbers, booleans and None.

    Raises TypeError for a float: two machines may not write it alike.
    """
    _refuse_floats(document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def document_id(document: Mapping[str, Any]) -> str:
    """A name that belongs to this content only: 16 hex digits of SHA-256 of what is not "id"."""
    content = {name: value for name, value in document.items() if name != "id"}
    return sha256(canonical(content)).hexdigest()[:16]


def rate_document(rate: Rate) -> dict[str, Any]:
    """A rate as archives hold it; prices are whole atoms (10^-18 USD) a token or unit."""
    levels = [(-1, rate.prices), *((step.above, step.prices) for step in rate.steps)]
    document = {
        "provider": rate.provider,
        "model": rate.model,
        "tier": rate.tier,
        "region": rate.region,
        "source": rate.source,
        "is_contracted": rate.is_contracted,
        "levels": [{"above": above, "atoms": _token_atoms(prices)} for above, prices in levels],
        "units": {name: _atoms(price) for name, price in rate.units.items()},
    }
    return {**document, "id": document_id(document)}


def _token_atoms(prices: TokenPrices) -> dict[str, int]:
    return {name: _atoms(price) for name, price in prices.by_bucket.items()}


def _atoms(price: Decimal) -> int:
    return int(price.scaleb(_PLACES))


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value} is a float; write amounts as whole numbers.")
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)
