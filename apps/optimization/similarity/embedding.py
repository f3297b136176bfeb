"""Static embeddings on one CPU: the mean of WordLlama's token vectors, read from its files.

The weights (l2_supercat_256, MIT) ship in the `wordllama` wheel. Its own loader asks a hub for the
tokenizer, so the two files are read here and none of its code runs.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Vector = NDArray[np.float32]

DIMENSIONS = 256
MOST_TOKENS = 256
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_HEADER_LENGTH = 8  # bytes, little-endian, then that many bytes of JSON: the safetensors format


class NoWeights(FileNotFoundError):
    """The `wordllama` package is not installed: bring the environment to the lock file."""


class StaticEmbedding:
    """Texts to unit vectors of DIMENSIONS, 0.1 ms for a short one. Threads may share it."""

    def __init__(self, weights: NDArray[np.float16], tokenizer: Tokenizer) -> None:
        """`weights`: a row for each token of `tokenizer`, which must neither pad nor truncate."""
        self._weights = weights
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path | None = None) -> "StaticEmbedding":
        """Reads the installed files (not on the event loop); processes share their pages.

        Raises NoWeights.
        """
        folder = folder or _installed()
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(_weights(folder / _WEIGHTS), tokenizer)

    def vector(self, text: str) -> Vector | None:
        """The text's direction; None for an empty text and for one above MOST_TOKENS."""
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        if not 0 < len(tokens) <= MOST_TOKENS:
            return None
        mean = self._weights[tokens].mean(axis=0, dtype=np.float32)
        length = float(np.linalg.norm(mean))
        return mean / length if length else None


def _installed() -> Path:
    found = find_spec("wordllama")  # finds the package without running it
    if found is None or found.origin is None:
        raise NoWeights("wordllama is not installed. Install the packages of requirements.txt.")
    return Path(found.origin).parent


def _weights(path: Path) -> NDArray[np.float16]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_HEADER_LENGTH), "little")
        [tensor] = (v for k, v in json.loads(file.read(length)).items() if k != "__metadata__")
    start = _HEADER_LENGTH + length + tensor["data_offsets"][0]
    return np.memmap(path, np.float16, mode="r", offset=start, shape=tuple(tensor["shape"]))
