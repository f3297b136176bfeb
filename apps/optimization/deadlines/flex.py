"""How long an answer of the cheaper tier may be waited for."""

# As long as OpenAI tells its clients to wait for one. Source: OpenAI, "Flex processing".
LONGEST_SECONDS = 900.0
# What the ordinary tier is left with, where the deadline is that far.
_RESERVE_SECONDS = 120.0


def patience_seconds(remaining_seconds: float) -> float:
    """How many of the seconds that are left go to the cheaper tier; 0 where none are.

    Half of them or all but two minutes, whichever is more, so that the ordinary tier can still
    answer in time.
    """
    reserve = min(_RESERVE_SECONDS, remaining_seconds / 2)
    return max(0.0, min(LONGEST_SECONDS, remaining_seconds - reserve))
