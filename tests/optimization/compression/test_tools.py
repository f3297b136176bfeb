"""Tools that fit are kept, and the list of a conversation stays the same."""

from typing import Any

import numpy as np

from apps.optimization.compression import SessionTools, ranked_tools


def _no_vector(text: str) -> None:
    return None


def _tool(name: str, description: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description}}


TOOLS = [
    _tool("get_weather", "The weather forecast of a city"),
    _tool("book_flight", "Books a flight between two airports"),
    _tool("play_music", "Plays a song"),
]


def test_shared_words_rank_a_tool_first() -> None:
    assert ranked_tools(TOOLS, "Book me a flight to Oslo", embed=_no_vector)[0] == 1


def test_nearness_ranks_where_no_word_is_shared() -> None:
    def embed(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.array([1.0, 0.0] if "song" in text or "tune" in text else [0.0, 1.0], np.float32)

    assert ranked_tools(TOOLS, "a tune", embed=embed)[0] == 2


def test_the_tools_of_a_conversation_stay_and_new_or_needed_ones_join() -> None:
    session = SessionTools(embed=_no_vector, kept=1)
    assert session.keep(TOOLS, "weather in Oslo", conversation="c") == [0]
    assert session.keep(TOOLS, "now play a song", conversation="c") == [0]
    session.need("play_music", conversation="c")
    assert session.keep(TOOLS, "again", conversation="c") == [0, 2]
    more = [*TOOLS, _tool("new", "")]
    assert session.keep(more, "again", conversation="c") == [0, 2, 3]
    assert session.keep(TOOLS, "play a song", conversation="other") == [2]
    session.forget("other")
    assert (session.knows("c"), session.knows("other")) == (True, False)


def test_anthropics_and_nameless_tools_are_read() -> None:
    tools = [{"name": "book_flight", "input_schema": {"properties": {"city": {}}}}, {}]
    assert ranked_tools(tools, "flight", embed=_no_vector) == [0, 1]
