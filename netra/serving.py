"""The gateway's server: python -m netra.serving --port PORT [--workers N].

On SIGTERM nobody is let in any more, and the process ends once every answer has: a deploy cuts no
stream. On SIGHUP, with several workers, each in turn is replaced by a fresh one. Workers whose
parent was killed go on beside its successor until that one's own have begun, and end then.
"""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import uvicorn
from uvicorn.supervisors import Multiprocess

from netra.launch.processes import end_with_parent

APPLICATION = "netra.asgi_gateway:application"
# The longest that workers outlive a parent that was killed; they end once a successor's listen.
LINGER_SECONDS = 600.0
_LOOK_SECONDS = 0.5
_LISTENING = "0A"  # Linux, include/net/tcp_states.h: TCP_LISTEN
# Longer than load balancers (60 s as a rule) and clients keep a connection that is idle: closed by
# us first, it would now and then be reset under a caller who is just asking.
KEEP_ALIVE_SECONDS = 75


class Config(uvicorn.Config):
    """What a worker is told; it is loaded in the worker's own process."""

    linger_seconds = LINGER_SECONDS

    def bind_socket(self) -> socket.socket:
        """The workers' socket. Nobody waits in it before one of them listens, so that a successor's
        may be bound beside it. Raises OSError where the port is another program's.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        bound = socket.socket(family)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((self.host, self.port))
        bound.set_inheritable(True)
        return bound

    def load(self) -> None:
        """Ends this process once the one that would replace it was killed and has a successor."""
        parent = parent_process()
        if parent is not None and parent.pid is not None:
            signal.signal(
                signal.SIGUSR1, lambda *_: Thread(target=self._linger, daemon=True).start()
            )
            end_with_parent(parent.pid, signal.SIGUSR1)
        super().load()

    def _linger(self) -> None:
        give_up_at = monotonic() + self.linger_seconds
        while monotonic() < give_up_at and listener_count(self.port) < 2:
            sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)


def listener_count(port: int) -> int:
    """Sockets of this machine that listen on a TCP port: workers of one parent share theirs."""
    tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
    lines = [line.split() for table in tables if table.exists() for line in table.open()]
    named = f":{port:04X}"
    return sum(line[1].endswith(named) and line[3] == _LISTENING for line in lines)


class Workers(Multiprocess):
    """Processes that accept on one socket."""

    def terminate_all(self) -> None:
        """Close our own end too: while it is open, callers are let in whom nobody answers."""
        for each in self.sockets:
            each.close()
        super().terminate_all()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 0 then, 1 when it could not begin."""
    config = configured(parsed(arguments))
    return _serve_together(config) if config.workers > 1 else _serve_alone(config)


def configured(options: argparse.Namespace) -> Config:
    """What the options ask for."""
    config = Config(
        options.app,
        host=options.host,
        port=options.port,
        workers=options.workers,
        loop="uvloop",
        http="apps.proxy.connection:Connection",
        ws="apps.proxy.sockets:SocketConnection",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        access_log=False,  # every call has its record in the spool
        server_header=False,
        proxy_headers=False,  # whoever calls is known by the key, not by the address
    )
    config.linger_seconds = options.linger
    return config


def _serve_alone(config: Config) -> int:
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


def _serve_together(config: Config) -> int:
    try:
        with _claimed(config.port):
            Workers(config, [config.bind_socket()]).run()
    except OSError as error:
        sys.stderr.write(f"netra.serving: port {config.port} is taken: {error.strerror}\n")
        return 1
    return 0


def _claimed(port: int) -> socket.socket:
    """What only one parent has on this machine, for it alone: its workers' port takes others too.

    Gone with the process, however it ends. Raises OSError.
    """
    claim = socket.socket(socket.AF_UNIX)
    claim.bind(f"\0netra-serving-{port}")
    return claim


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("netra.serving")
    parser.add_argument("--app", default=APPLICATION)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--linger", type=float, default=LINGER_SECONDS, metavar="SECONDS")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
