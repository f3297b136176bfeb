"""The gateway's server: python -m netra.serving --port PORT [--workers N].

On SIGTERM nobody is let in any more, and the process ends once every answer has: a deploy cuts no
stream. On SIGHUP, with several workers, each in turn is replaced by a fresh one.
"""

import argparse
import sys
from collections.abc import Sequence

import uvicorn
from uvicorn.supervisors import Multiprocess

APPLICATION = "netra.asgi_gateway:application"


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
    config = uvicorn.Config(
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
