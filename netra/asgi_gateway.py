"""The gateway process: the LLM hot path, without Django."""

import logging.config

from apps.proxy.app import Gateway
from netra import env
from netra.settings.logging import logging_config
from netra.telemetry import instrument

logging.config.dictConfig(logging_config(env.text("NETRA_LOG_LEVEL", "INFO")))
instrument("gateway")
application = Gateway()
