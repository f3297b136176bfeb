"""The modelled prompt caches, on a clock that the tests turn."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sim.caching import MINIMUM_TOKENS, CacheUse, PromptCache
from sim.tokens import Segment, text_row, total


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def words(tokens: int, letter: str = "a", mark: str | None = None) -> Segment:
    return Segment(text_row(letter * 4 * tokens), mark)


def test_automatic_prefixes_end_after_five_minutes_unless_used() -> None:
    clock = Clock()
    cache, prompt = PromptCache(clock), [words(1300)]
    reads = []
    for pause in (0, 299, 299, 301):
        clock.now += pause
        reads.append(cache.automatic("key-a", prompt).read)
    assert reads == [0, 1280, 1280, 0]


def test_a_shared_beginning_is_read_and_a_short_prompt_never() -> None:
    cache = PromptCache(Clock())
    cache.automatic("key-a", [words(1100), words(500, "b")])
    assert cache.automatic("key-a", [words(1100), words(500, "c")]).read == 1024
    assert cache.automatic("key-b", [words(1100), words(500, "c")]).read == 0
    cache.automatic("key-a", [words(1000, "d")])
    assert cache.automatic("key-a", [words(1000, "d")]) == CacheUse(0, {"5m": 0})


def test_marks_live_as_long_as_they_asked() -> None:
    clock = Clock()
    cache = PromptCache(clock)
    prompt = [words(2000, "a", "1h"), words(300, "b", "5m"), words(10, "c")]
    assert cache.marked("key-a", prompt) == CacheUse(0, {"5m": 300, "1h": 2000})
    assert cache.marked("key-a", prompt) == CacheUse(2300, {"5m": 0, "1h": 0})
    clock.now += 301
    assert cache.marked("key-a", prompt) == CacheUse(2000, {"5m": 300, "1h": 0})
    clock.now += 3601
    assert cache.marked("key-a", prompt) == CacheUse(0, {"5m": 300, "1h": 2000})


def test_a_mark_that_moves_on_reads_what_the_last_turn_wrote() -> None:
    cache = PromptCache(Clock())
    first = [words(1500, "a"), words(20, "b", "5m")]
    second = [words(1500, "a"), words(20, "b"), words(30, "c"), words(40, "d", "5m")]
    far = [words(1500, "e", "5m")]
    cache.marked("key-a", first)
    assert cache.marked("key-a", second) == CacheUse(1520, {"5m": 70, "1h": 0})
    cache.marked("key-a", far)
    beyond = [words(1500, "e"), *[words(1, "f")] * 25, words(1, "g", "5m")]
    assert cache.marked("key-a", beyond) == CacheUse(0, {"5m": 1526, "1h": 0})


def test_marks_below_the_minimum_do_nothing() -> None:
    cache, prompt = PromptCache(Clock()), [words(MINIMUM_TOKENS - 1, "a", "5m")]
    assert [cache.marked("key-a", prompt) for _ in range(2)] == [CacheUse(), CacheUse()]


marked_prompts = st.lists(
    st.builds(
        words,
        st.integers(1, 900),
        st.sampled_from("abc"),
        st.sampled_from([None, None, "5m"]),
    ),
    min_size=1,
    max_size=8,
)


@given(st.lists(marked_prompts, min_size=1, max_size=6))
def test_buckets_never_overlap_or_exceed_the_prompt(prompts: list[list[Segment]]) -> None:
    cache = PromptCache(Clock())
    for prompt in prompts:
        use, automatic = cache.marked("key-a", prompt), cache.automatic("key-b", prompt)
        for found in (use, automatic):
            assert min(found.read, *found.written.values()) >= 0
            assert found.read + found.written_total <= total(prompt)
