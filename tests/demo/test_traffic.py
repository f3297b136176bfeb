"""What is replayed: as many calls as asked for, of all sources, the same each time."""

from pathlib import Path

import pytest

from demo.conversations import Conversation, Said
from demo.dressing import agent_conversations, choice_conversations, question_conversations
from demo.sources import own
from demo.sources.recorded import Answered
from demo.traffic import traffic


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRA_DATA_DIR", str(tmp_path))


def test_without_recorded_data_our_own_set_stands_in_and_says_so(tmp_path: Path) -> None:
    found = traffic(60)
    assert found.absent == str(tmp_path / "tau_bench_airline" / "gpt-4o-airline.json")
    assert found.calls == 60
    kinds = {each.conversation.name.partition("-")[0] for each in found.arriving}
    assert kinds == {"agent", "question", "choice"}
    assert [each.starts_s for each in found.arriving] == sorted(
        each.starts_s for each in found.arriving
    )


def test_the_same_traffic_comes_each_time() -> None:
    assert traffic(40) == traffic(40)


def test_there_is_no_more_than_there_is() -> None:
    everything = traffic(1_000_000)
    assert everything.calls == 4 * own.RUNS + own.CHOICES + len(own.questions())


def test_one_run_is_the_same_words_to_both_sdks() -> None:
    runs = own.agent_runs()[:2]
    gpt, claude = agent_conversations([runs[0], runs[0]])
    assert (gpt.sdk, claude.sdk) == ("openai", "anthropic")
    assert len(gpt.turns) == len(claude.turns) == 4
    said = [gpt.recorded(turn) for turn in gpt.turns]
    assert [claude.recorded(turn) for turn in claude.turns] == said
    assert said[0] == Said("", (("get_loans", '{"member_id":"m1000"}'),))
    first = claude.body(claude.turns[1])
    assert first["messages"][-1]["content"][0]["type"] == "tool_result"
    assert [tool["name"] for tool in first["tools"]] == ["get_loans", "renew_loan"]


def test_a_question_is_answered_with_its_intent_and_a_choice_with_a_letter() -> None:
    [question] = question_conversations([("Where is my card?", "card_arrival")])
    assert (question.recorded(2), question.right) == (Said("card_arrival"), "card_arrival")
    [choice] = choice_conversations([Answered("physics", "Which?", True, False)])
    assert (choice.recorded(2), choice.right, choice.tags) == (Said("B"), "A", "route=physics")
    recorded = [(each["model"], each["messages"][-1]["content"]) for each in choice.recordings()]
    assert recorded == [("gpt-4o", "B"), ("gpt-4o-mini", "A")]


def test_a_conversation_is_shortened_to_its_first_calls() -> None:
    [conversation] = agent_conversations(own.agent_runs()[:1])
    short: Conversation = conversation.shortened(2)
    assert short.turns == conversation.turns[:2]
    assert short.messages[-1] == conversation.messages[conversation.turns[1]]
