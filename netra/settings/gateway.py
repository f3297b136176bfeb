"""What the gateway and the record of calls are told."""

from pathlib import Path

from apps.tenants.addresses import PrivateUpstreams
from netra import env

_ROOT = Path(__file__).resolve().parent.parent.parent

PRIVATE_UPSTREAMS = env.parsed("NETRA_PRIVATE_UPSTREAMS", "", PrivateUpstreams.parse)
SIMULATOR_URL = env.text("NETRA_SIMULATOR_URL", "")
GATEWAY_WORKERS = env.integer("NETRA_GATEWAY_WORKERS", 1)
JUDGE_MODEL = env.text("NETRA_JUDGE_MODEL", "")
DEMO_PROVIDER_KEYS = {
    "openai": env.secret("OPENAI_API_KEY", ""),
    "anthropic": env.secret("ANTHROPIC_API_KEY", ""),
}
SNAPSHOT_DIR = _ROOT / env.text("NETRA_SNAPSHOT_DIR", ".local/snapshot")
SPOOL_DIR = _ROOT / env.text("NETRA_SPOOL_DIR", ".local/spool")
# In memory, for vectors tell something of prompts.
INDEX_DIR = _ROOT / env.text("NETRA_INDEX_DIR", "/dev/shm/netra")  # noqa: S108
INDEX_MAX_BYTES = env.integer("NETRA_INDEX_MAX_BYTES", 536_870_912)
EVENT_RETENTION_DAYS = env.integer("NETRA_EVENT_RETENTION_DAYS", 400)
MINUTE_RETENTION_DAYS = env.integer("NETRA_MINUTE_RETENTION_DAYS", 3)
IMPORT_DIR = _ROOT / env.text("NETRA_IMPORT_DIR", ".local/imports")
IMPORT_MAX_BYTES = env.integer("NETRA_IMPORT_MAX_BYTES", 5_368_709_120)
# What tries the levers on calls of an imported log: they stand above the floor that reads it.
IMPORT_TRIER = "apps.attribution.trials.Trial"
