"""The class of a request: its route tag, else its prompt template, else what it is about."""

import re
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_VARYING = re.compile(r"\d+|\"[^\"]*\"|https?://\S+")
_ROUNDS = 20


def template_digest(system: str, *, key: bytes) -> str | None:
    """The digest of a system prompt without its numbers, quotations and links; None: it has none.

    `key` (at most 64 bytes) keeps the digest from telling the prompt.
    """
    plain = " ".join(_VARYING.sub("", system).split())
    return blake2b(plain.encode(), digest_size=8, key=key).hexdigest() if plain else None


@dataclass(frozen=True, slots=True)
class Clusters:
    """Centres of texts' vectors, each of length one: shape (clusters, dimensions)."""

    centres: NDArray[np.float32]

    @classmethod
    def fitted(cls, vectors: NDArray[np.float32], *, count: int, seed: int) -> "Clusters":
        """Spherical k-means from `count` of the vectors on; a centre that loses all of its own

        stays where it was.
        """
        draws = np.random.default_rng(seed)
        centres = vectors[draws.choice(len(vectors), count, replace=False)]
        for _ in range(_ROUNDS):
            nearest = (vectors @ centres.T).argmax(1)
            sums = np.zeros_like(centres)
            np.add.at(sums, nearest, vectors)
            lengths = np.linalg.norm(sums, axis=1, keepdims=True)
            centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres)
        return cls(centres.astype(np.float32))

    def nearest(self, vector: NDArray[np.float32]) -> int:
        """The index of the centre with the greatest cosine."""
        return int((self.centres @ vector).argmax())


def request_class(tag: str | None, template: str | None, cluster: int | None) -> str:
    """The most telling of the three; "other" without any."""
    if tag:
        return f"tag:{tag}"
    if template:
        return f"template:{template}"
    return "other" if cluster is None else f"cluster:{cluster}"
