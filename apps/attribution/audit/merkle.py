"""The Merkle tree of RFC 6962 §2.1: a log for each experiment; rows are only appended."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(row: bytes) -> bytes:
    """SHA-256 of 0x00 and the row."""
    return sha256(b"\x00" + row).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Appends in O(log n), keeps O(log n): the roots of perfect subtrees, the largest first."""

    __slots__ = ("size", "subtrees")

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        self.size = size
        self.subtrees = list(subtrees)

    def append(self, leaf: bytes) -> None:
        """leaf: its hash. Subtrees of equal size become one."""
        self.size += 1
        carry = self.size
        while not carry & 1:
            leaf = node_hash(self.subtrees.pop(), leaf)
            carry >>= 1
        self.subtrees.append(leaf)

    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self.subtrees:
            return EMPTY_ROOT
        *lefts, root = self.subtrees
        for left in reversed(lefts):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in their order."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(index, leaves): the siblings on the way from a leaf to the root, the lowest first."""
    if len(leaves) <= 1:
        return []
    middle = _left_size(len(leaves))
    if index < middle:
        return [*inclusion_proof(leaves[:middle], index), root_of(leaves[middle:])]
    return [*inclusion_proof(leaves[middle:], index - middle), root_of(leaves[:middle])]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf at `index` to the root of a tree of `size`.

    Source: RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    last, node = size - 1, leaf
    for sibling in proof:
        if not last:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            index, last = _up_to_right_child(index, last)
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return not last and node == root


def _up_to_right_child(index: int, last: int) -> tuple[int, int]:
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """PROOF(earlier, leaves): that a tree of the first `earlier` leaves became this one."""
    return _subproof(leaves, earlier, is_whole=True) if 0 < earlier < len(leaves) else []


def _subproof(leaves: Sequence[bytes], earlier: int, *, is_whole: bool) -> list[bytes]:
    if earlier == len(leaves):
        return [] if is_whole else [root_of(leaves)]
    middle = _left_size(len(leaves))
    if earlier <= middle:
        proof = _subproof(leaves[:middle], earlier, is_whole=is_whole)
        return [*proof, root_of(leaves[middle:])]
    proof = _subproof(leaves[middle:], earlier - middle, is_whole=False)
    return [*proof, root_of(leaves[:middle])]


def is_consistent(
    earlier: tuple[int, bytes], later: tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Whether nothing of the earlier (size, root) was changed in the later one.

    Source: RFC 9162 §2.1.4.2.
    """
    (small, small_root), (large, large_root) = earlier, later
    if not 0 < small <= large or (small == large) != (not proof):
        return False
    if small == large:
        return small_root == large_root
    path = [small_root, *proof] if not small & (small - 1) else list(proof)
    index, last = small - 1, large - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return _climb(path, index, last) == (small_root, large_root)


def _climb(path: Sequence[bytes], index: int, last: int) -> tuple[bytes, bytes] | None:
    """Both roots as the path gives them; None where it is too long or too short."""
    small = large = path[0]
    for sibling in path[1:]:
        if not last:
            return None
        if index & 1 or index == last:
            small, large = node_hash(sibling, small), node_hash(sibling, large)
            index, last = _up_to_right_child(index, last)
        else:
            large = node_hash(large, sibling)
        index, last = index >> 1, last >> 1
    return None if last else (small, large)


def _left_size(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
