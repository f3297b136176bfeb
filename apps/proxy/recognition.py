"""Which key a caller's text is, without hashing the same text again for each of its calls."""

import hmac
from collections.abc import Sequence

from apps.proxy.snapshot import Snapshot
from apps.tenants.access import KeyAccess
from apps.tenants.key_format import is_well_formed

# Only texts of keys that exist are remembered, so that guesses cannot push them out.
_REMEMBERED = 50_000


class Recognition:
    """peppers: those under which digests were made, the current one first."""

    __slots__ = ("_digests", "_peppers")

    def __init__(self, peppers: Sequence[bytes]) -> None:
        self._peppers = tuple(peppers)
        self._digests: dict[str, bytes] = {}

    def key(self, text: str, snapshot: Snapshot) -> KeyAccess | None:
        """The key of this text as `snapshot` has it; None for a text that is no key there."""
        digest = self._digests.get(text)
        known = snapshot.key(digest) if digest else None
        return known or self._search(text, snapshot)

    def _search(self, text: str, snapshot: Snapshot) -> KeyAccess | None:
        if not is_well_formed(text):
            return None
        for pepper in self._peppers:
            digest = hmac.digest(pepper, text.encode(), "sha256")
            if key := snapshot.key(digest):
                self._remember(text, digest)
                return key
        return None

    def _remember(self, text: str, digest: bytes) -> None:
        if len(self._digests) >= _REMEMBERED:
            self._digests.clear()
        self._digests[text] = digest
