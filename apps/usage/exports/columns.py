"""What is exported of each event: the same columns in CSV, JSONL and Parquet."""

from typing import Any

from apps.kernel.tokens import BUCKETS

Row = tuple[Any, ...]

# Named as in the API; a call's identity stands first.
COLUMNS: tuple[str, ...] = (
    "id", "started_at", "recorded_at", "kind", "project_id", "api_key_id", "end_user", "tags",
    "endpoint", "dialect", "provider", "credential_id", "requested_model", "served_model",
    "is_stream", "status", "outcome", "error_code", "is_estimated", *BUCKETS, "units",
    "actual_usd", "counterfactual_usd", "decomposition", "price_version", "policy_version",
    "admission_ms", "first_byte_ms", "upstream_ms", "overhead_ms", "total_ms", "request_bytes",
    "response_bytes", "conversation_id", "provider_request_id", "client_retry_count", "unit",
    "experiment_id", "period_id", "arm", "is_triggered", "decisions", "attempts", "tier", "region",
)  # fmt: skip
# Those that adjustments change.
ADJUSTED = ("actual_usd", "counterfactual_usd", "price_version")
