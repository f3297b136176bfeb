"""Settings of what the gateway knows and where it may go; a part of netra.settings.base."""

from pathlib import Path

from apps.tenants.addresses import PrivateUpstreams
from netra import env

PRIVATE_UPSTREAMS = env.parsed("NETRA_PRIVATE_UPSTREAMS", "", PrivateUpstreams.parse)
SNAPSHOT_DIR = Path(__file__).resolve().parents[2] / env.text(
    "NETRA_SNAPSHOT_DIR", ".local/snapshot"
)

# Where the calls of the demo organization go.
SIMULATOR_URL = env.text("NETRA_SIMULATOR_URL", "")
DEMO_PROVIDER_KEYS = {
    "openai": env.secret("OPENAI_API_KEY", ""),
    "anthropic": env.secret("ANTHROPIC_API_KEY", ""),
}
