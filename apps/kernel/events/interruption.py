"""The record of a call whose end nobody wrote: its process was killed."""

from apps.kernel.events.fields import Begin, Event

INTERRUPTED = "interrupted"


def interrupted(begin: Begin) -> Event:
    """The event of a call that began and never ended: estimated, unpriced, of unknown cost.

    The same begin always makes the same event, so shipping it twice counts it once. Whether the
    provider charged for the call is not known; its estimated tokens say how much it may have been.
    """
    return Event(
        event_id=begin.event_id,
        started_at=begin.started_at,
        organization_id=begin.organization_id,
        project_id=begin.project_id,
        endpoint=begin.endpoint,
        dialect=begin.dialect,
        provider=begin.provider,
        outcome="interrupted",
        kind=begin.kind,
        api_key_id=begin.api_key_id,
        end_user=begin.end_user,
        tags=begin.tags,
        requested_model=begin.requested_model,
        is_stream=begin.is_stream,
        error_code=INTERRUPTED,
        is_estimated=True,
        buckets=begin.buckets,
        price_version=begin.price_version,
        snapshot_version=begin.snapshot_version,
        request_bytes=begin.request_bytes,
        conversation_id=begin.conversation_id,
    )
