"""The gateway's server: python -m netra.serving --port PORT [--workers N].

On SIGTERM nobody is let in any more, and the process ends once every answer has: a deploy cuts no
stream. On SIGHUP, with several workers, each in turn is replaced by a fresh one. Workers whose
parent was killed end like this too: they would keep the port from its successor.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from multiprocessing import parent_process

import uvicorn
from uvicorn.supervisors import Multiprocess

from netra.launch.processes import end_with_parent

APPLICATION = "netra.asgi_gateway:application"


class Config(uvicorn.Config):
    """What a worker is told; it is loaded in the worker's own process."""

    def load(self) -> None:
        """Ends this process, politely, with the one that would replace it."""
        parent = parent_process()
        if parent is not None and parent.pid is not None:
            end_with_parent(parent.pid, signal.SIGTERM)
        super().load()


class Workers(Multiprocess):
    """Processes that accept on one socket."""

    def terminate_all(self) -> None:
        """Close our own end too: while it is open, callers are let in whom nobody answers."""
        for socket in self.sockets:
            socket.close()
        super().terminate_all()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 0 then, 1 when it could not begin."""
    options = _options(arguments)
    config = Config(
        options.app,
        host=options.host,
        port=options.port,
        workers=options.workers,
        loop="uvloop",
        http="apps.proxy.connection:Connection",
        ws="apps.proxy.sockets:SocketConnection",
        lifespan="on",
        access_log=False,  # every call has its record in the spool
        server_header=False,
        proxy_headers=False,  # whoever calls is known by the key, not by the address
    )
    if config.workers > 1:
        Workers(config, [config.bind_socket()]).run()
        return 0
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("netra.serving")
    parser.add_argument("--app", default=APPLICATION)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
