"""Error reports to Sentry. Imported only when SENTRY_DSN is set."""

from typing import cast

import sentry_sdk
from sentry_sdk.types import Event, Hint

from netra import env
from netra.redaction import redacted


def start(process: str, *, dsn: str) -> None:
    """Report unhandled errors of `process`, without bodies, cookies, users or local variables."""
    sentry_sdk.init(
        dsn=dsn,
        environment=env.text("SENTRY_ENVIRONMENT", "production"),
        release=env.text("SENTRY_RELEASE", "") or None,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=env.number("SENTRY_TRACES_SAMPLE_RATE", 0.0),
        before_send=scrub,
        before_send_transaction=scrub,
    )
    sentry_sdk.set_tag("process", process)


def scrub(event: Event, _hint: Hint) -> Event:
    """The last step before a report leaves: breadcrumbs, messages and headers included."""
    return cast(Event, redacted(event))
