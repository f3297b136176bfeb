"""The near-exact key drops clothes and keeps whatever may turn the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.wording import near_key, veto
from tests.optimization.patience import PATIENT


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("How do I cancel my order?", "hi, how can I cancel the order"),
        ("What's the price of a 2-year plan?", "what is the price of a two-year plan"),
        ("For my order, how do I change the date?", "How do I change the date for my order?"),
        ("Can you tell me where I find invoices?", "Where do I find invoices?"),
        ("It costs 1,000 euros", "it costs 1000 euro"),
    ],
)
def test_the_same_question_in_other_clothes_has_the_same_key(one: str, two: str) -> None:
    assert near_key(one) == near_key(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Cancel my order", "Don't cancel my order"),
        ("Is it open?", "Isn't it open?"),
        ("What happened in 1066?", "What happened in 1666?"),
        ("Learn C", "Learn C++"),
        ("Learn C#", "Learn C++"),
        ("What does vitamin A do?", "What does vitamin I do?"),
        ("Is vitamin a good?", "Is vitamin C good?"),
        ("Move from Lyon to Paris", "Move from Paris to Lyon"),
        ("Turn it on", "Turn it off"),
        ("Is the account closed?", "Can the account be closed?"),
        ("Do I pay VAT in the US?", "Do I pay VAT in us?"),
        ("Does it cost 5%?", "Does it cost 5?"),
        ("When do I pay?", "Where do I pay?"),
        ("What is your address?", "What is my address?"),
        ("1.5 mg", "15 mg"),
    ],
)
def test_what_turns_the_answer_stays_in_the_key(one: str, two: str) -> None:
    assert near_key(one) != near_key(two)


@PATIENT
@given(st.text(max_size=60))
def test_any_text_has_a_key_that_depends_on_it_alone(text: str) -> None:
    assert near_key(text) == near_key(text)


@PATIENT
@given(st.lists(st.sampled_from(["order", "from", "not", "7", "Paris", "cancel"]), min_size=1))
def test_clothes_do_not_change_the_key_and_one_more_negation_does(words: list[str]) -> None:
    text = " ".join(words)
    assert near_key(f"Hello, {text.replace(' ', '  ')} please!") == near_key(text)
    assert near_key(f"{text} not here") != near_key(f"{text} here")


@pytest.mark.parametrize(
    ("asked", "cached", "reason"),
    [
        ("Pay 20 euros", "Pay 30 euros", "number"),
        ("Is it safe?", "Is it not safe?", "negation"),
        ("Where can I pay?", "When can I pay?", "question"),
        ("How much is it?", "How long is it?", "question"),
        ("Is the fee included?", "Is the fee excluded?", "opposite"),
        ("Who runs Apple?", "Who runs Microsoft?", "entity"),
        ("How do I cancel?", "What must I do to cancel?", None),
    ],
)
def test_a_veto_names_what_speaks_against_it(asked: str, cached: str, reason: str | None) -> None:
    assert (veto(asked, cached), veto(cached, asked)) == (reason, reason)


@PATIENT
@given(st.text(max_size=60))
def test_no_text_is_vetoed_against_itself(text: str) -> None:
    assert veto(text, text) is None
