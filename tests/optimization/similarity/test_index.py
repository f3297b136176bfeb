"""Search is exact, memory bounded, and rivals are entries with another answer."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.similarity import AnswerIndex, Match, StaticEmbedding, Vector
from tests.optimization.patience import PATIENT

EAST, NORTH = np.eye(2, dtype=np.float32)
NEAR_EAST = np.array([0.8, 0.6], np.float32)


@pytest.fixture(scope="module")
def embedding() -> StaticEmbedding:
    return StaticEmbedding.load()


def test_the_nearest_entry_and_its_rival_are_found() -> None:
    index = AnswerIndex(8, 2)
    index.add("east", EAST)
    index.add("north", NORTH)
    found = index.nearest(NEAR_EAST)
    assert found == Match("east", float(NEAR_EAST[0]), "north", float(NEAR_EAST[1]))
    assert found.score == pytest.approx(0.5)


def test_entries_of_the_same_answer_are_no_rivals() -> None:
    index = AnswerIndex(8, 2)
    index.add("east", EAST)
    index.add("also", NEAR_EAST, same_as="east")
    index.add("north", NORTH)
    assert [getattr(index.nearest(EAST), name) for name in ("entry", "rival")] == ["east", "north"]
    index.join("north", "also")
    assert getattr(index.nearest(EAST), "rival") is None  # noqa: B009


def test_an_evicted_entry_is_never_found_again() -> None:
    index = AnswerIndex(8, 2)
    index.add("east", EAST)
    index.evict("east")
    index.evict("east")
    assert (index.nearest(EAST), len(index), "east" in index) == (None, 0, False)


@PATIENT
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 7)), max_size=30))
def test_the_newest_entries_stay_and_survive_packing(added: list[tuple[str, int]]) -> None:
    index = AnswerIndex(3, 8)
    for entry, direction in added:
        index.add(entry, np.eye(8, dtype=np.float32)[direction])
    copy = AnswerIndex.unpacked(*index.packed(), capacity=3)
    assert len(index) == len(copy) <= 3
    for direction in range(8):
        asked = np.eye(8, dtype=np.float32)[direction]
        assert copy.nearest(asked) == index.nearest(asked) or _is_tie(index, asked)


def test_texts_of_one_meaning_are_nearer_than_others(embedding: StaticEmbedding) -> None:
    index = AnswerIndex()
    for text in ("cancel this order", "hot weather"):
        vector = embedding.vector(text)
        assert vector is not None
        index.add(text, vector)
    asked = embedding.vector("cancel my order")
    assert asked is not None
    found = index.nearest(asked)
    assert found
    same, other = found.similarity, found.rival_similarity
    assert same > 0.7 > other


def test_empty_and_long_texts_have_no_vector(embedding: StaticEmbedding) -> None:
    assert [embedding.vector(text) for text in ("", "word " * 300)] == [None, None]


def test_vectors_are_unit_vectors_without_running_the_package(embedding: StaticEmbedding) -> None:
    vector = embedding.vector("What is the exchange rate?")
    assert vector is not None
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)
    assert "wordllama" not in sys.modules


def _is_tie(index: AnswerIndex, asked: Vector) -> bool:
    """Equal cosines may be answered by either entry."""
    found = index.nearest(asked)
    return found is not None and found.rival_similarity in (found.similarity, 0.0)
