"""What beat asks for, and how often, in seconds."""

CELERY_BEAT_SCHEDULE = {
    "publish-waiting-jobs": {"task": "tenants.publish_waiting_jobs", "schedule": 60.0},
    "prune-expired-rows": {"task": "tenants.prune_expired_rows", "schedule": 3600.0},
    "prune-replies": {"task": "idempotency.prune", "schedule": 3600.0},
    "measure-allowances": {"task": "allowances.measure", "schedule": 3600.0},
    "prune-agent-runs": {"task": "allowances.prune", "schedule": 86400.0},
    "hand-over-due-deliveries": {"task": "notices.hand_over_due", "schedule": 5.0},
    "prune-visits": {"task": "sharing.prune_visits", "schedule": 86400.0},
    "prune-deliveries": {"task": "notices.prune_deliveries", "schedule": 3600.0},
    "keep-event-months": {"task": "usage.keep_months", "schedule": 3600.0},
    "check-usage": {"task": "usage.check_usage", "schedule": 86400.0},
    "seal-savings": {"task": "attribution.seal_all_savings", "schedule": 86400.0},
    "judge-comparisons": {"task": "optimization.judge_waiting", "schedule": 60.0},
    "certify-levers": {"task": "optimization.certify_all", "schedule": 300.0},
    "advance-deferred-calls": {"task": "deadlines.advance_all", "schedule": 20.0},
    "sweep-imports": {"task": "imports.sweep", "schedule": 3600.0},
}
