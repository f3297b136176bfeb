"""RFC 6962 §2.1: the tree, its proofs, and that none of them lies."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.audit import (
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)

LEAVES = [leaf_hash(f"row {number}".encode()) for number in range(40)]
SIZES = st.integers(1, 40)
# The vectors of Certificate Transparency's own tests: leaves and the roots of their prefixes.
VECTORS = ["", "00", "10", "2021", "3031", "40414243"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
}


def test_the_roots_are_those_of_certificate_transparency() -> None:
    leaves = [leaf_hash(bytes.fromhex(vector)) for vector in VECTORS]

    assert {size: root_of(leaves[:size]).hex() for size in ROOTS} == ROOTS
    assert root_of([]) == sha256(b"").digest()


@given(size=SIZES, data=st.data())
def test_every_leaf_is_proven_where_it_is_and_nowhere_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(LEAVES[:size], index), root_of(LEAVES[:size])

    assert is_included(LEAVES[index], index, size, proof, root)
    assert is_included(LEAVES[other], index, size, proof, root) is (other == index)
    assert not is_included(LEAVES[index], index, size, [*proof, root], root)
    assert not is_included(LEAVES[index], size, size, proof, root)


@given(earlier=SIZES, later=SIZES)
def test_a_log_that_only_grew_proves_it(earlier: int, later: int) -> None:
    small, large = sorted((earlier, later))
    proof = consistency_proof(LEAVES[:large], small)
    before, after = (small, root_of(LEAVES[:small])), (large, root_of(LEAVES[:large]))

    assert is_consistent(before, after, proof)


@given(earlier=st.integers(1, 39), changed=st.integers(0, 38))
def test_a_log_that_changed_a_row_cannot(earlier: int, changed: int) -> None:
    at = changed % earlier
    forged = [*LEAVES[:at], leaf_hash(b"forged"), *LEAVES[at + 1 :]]
    before, after = (earlier, root_of(LEAVES[:earlier])), (40, root_of(forged))

    for leaves in (LEAVES, forged):
        assert not is_consistent(before, after, consistency_proof(leaves, earlier))


@pytest.mark.parametrize("sizes", [(0, 3), (4, 3)])
def test_sizes_that_cannot_be_are_refused(sizes: tuple[int, int]) -> None:
    small, large = ((size, root_of(LEAVES[:size])) for size in sizes)

    assert not is_consistent(small, large, [])


def test_a_tree_that_grows_has_the_root_of_each_prefix() -> None:
    tree, roots = Tree(), []
    for leaf in LEAVES:
        tree.append(leaf)
        roots.append(tree.root())

    assert roots == [root_of(LEAVES[: size + 1]) for size in range(40)]
