"""One command with the terminal to itself, while we wait for it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from netra.launch.processes import die_with_us


def run_foreground(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> int:
    """Its exit status, 128 + n for signal n. Ctrl-C reaches it directly, SIGTERM through us."""
    child = subprocess.Popen(argv, env=env, cwd=cwd, preexec_fn=die_with_us(signal.SIGTERM))
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.terminate()),
    }
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status
