"""A small set of our own making, for where no recorded data is: plainly made up, and repeatable.

A library's help desk: members' conversations with an agent that has tools, questions that come in
several wordings, and questions with a choice, of which the cheaper model gets one in five wrong.
"""

import json
from typing import Any

from demo.sources.recorded import Answered

RUNS, CHOICES = 120, 60
_RULES = (
    "A member may hold {n} books at once in branch {n}, and may renew each of them while nobody "
    "else waits for it.",
    "Books of shelf {n} leave the house for two weeks, films and games for one week only.",
    "Before anything of loan group {n} is changed, say what will change and ask for a yes.",
)
_POLICY = "You help the members of a city library. Never guess: look things up with a tool.\n" + (
    "\n".join(rule.format(n=number) for number in range(1, 19) for rule in _RULES)
)
_INTENTS = {
    "renew_loan": ("renew my book", "keep my book longer", "extend the loan of my book"),
    "lost_card": ("replace my lost card", "get a new card as mine is lost", "report a lost card"),
    "opening_hours": (
        "know when you open",
        "learn the opening hours",
        "find out how long you open",
    ),
    "late_fee": (
        "pay the late fee",
        "settle the fee for late books",
        "know what a late book costs",
    ),
    "reserve_book": ("reserve a book", "put a book on hold", "be next in line for a book"),
    "meeting_room": ("book a meeting room", "reserve a room for a group", "rent the small room"),
}
_FRAMES = (
    "I want to {}",
    "How do I {}?",
    "Can you help me {}, please?",
    "I would like to {} today",
)
_KINDS = ("arithmetic", "spelling", "geography")


def agent_runs() -> list[Any]:
    """Conversations as tau-bench writes them."""
    return [{"traj": _run(number)} for number in range(RUNS)]


def _run(number: int) -> list[dict[str, Any]]:
    member, book = f"m{1000 + number}", f"b{200 + number % 40}"
    loans = [
        {"book": f"b{200 + (number + n) % 40}", "due": f"2026-12-{n + 10}", "renewals": n % 3}
        for n in range(8)
    ]
    return [
        {"role": "system", "content": _POLICY},
        {"role": "user", "content": f"Hello, I am member {member} and want to renew {book}."},
        _call(number, "get_loans", {"member_id": member}),
        _result(number, "get_loans", json.dumps(loans)),
        {"role": "assistant", "content": f"I found {book} among your loans. Shall I renew it?"},
        {"role": "user", "content": "Yes, please."},
        _call(number, "renew_loan", {"member_id": member, "book_id": book}),
        _result(number, "renew_loan", json.dumps({"book": book, "due": "2026-12-28"})),
        {"role": "assistant", "content": f"Done: {book} is yours until 28 December."},
    ]


def _call(number: int, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": f"call_{name}_{number}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _result(number: int, name: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"call_{name}_{number}", "content": content}


def questions() -> list[tuple[str, str]]:
    """Each intent in twelve wordings, and each wording twice, as customers do."""
    return [
        (frame.format(wording), intent)
        for intent, wordings in _INTENTS.items()
        for wording in wordings
        for frame in _FRAMES
        for _ in range(2)
    ]


def answered() -> list[Answered]:
    """Questions with a choice; the strong model is right on all but one in fifteen."""
    return [
        Answered(
            _KINDS[number % len(_KINDS)],
            f"Question {number}: which of these is right?\nA. this one\nB. that one\nAnswer:",
            is_cheap_right=bool(number % 5),
            is_strong_right=bool(number % 15),
        )
        for number in range(CHOICES)
    ]


def arrivals() -> list[float]:
    """Two in three seconds, in little groups."""
    return [number // 3 * 4.5 + number % 3 * 0.2 for number in range(1_000)]
