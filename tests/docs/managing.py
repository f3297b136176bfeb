"""`manage.py` without its start: one process that has everything imported, and forks for a command.

python -m tests.docs.managing SOCKET: serves until it is ended. Whoever connects sends one line of
JSON (arguments, environment, working directory) and standard output and error; the command's exit
status comes back as text. A start costs seconds of a test, a fork nothing.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.core.management import execute_from_command_line

LARGEST = 1 << 18
# Run by a bare Python, so that it starts within milliseconds.
CLIENT = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    asked = {{"arguments": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}
    socket.send_fds(server, [json.dumps(asked).encode()], [1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(8)))
"""


UseDatabase = Callable[[str], None]


def serve(path: str, use_database: UseDatabase) -> None:
    """Answer one caller after the other. use_database: lets Django use another one."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen()
        Path(f"{path}.new").rename(path)
        while True:
            with listener.accept()[0] as caller:
                caller.sendall(str(_run(caller, use_database)).encode())


def _run(caller: socket.socket, use_database: UseDatabase) -> int:
    message, files, _, _ = socket.recv_fds(caller, LARGEST, 2)
    while piece := caller.recv(LARGEST):
        message += piece
    child = os.fork()
    if not child:
        _become(json.loads(message), files, use_database)
    for each in files:
        os.close(each)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _become(asked: dict[str, Any], files: list[int], use_database: UseDatabase) -> None:
    """The command, as if it had been started as its own process; never returns."""
    status = 1
    try:
        for target, each in enumerate(files, start=1):
            os.dup2(each, target)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        use_database(asked["env"]["DATABASE_URL"])
        status = _command(["manage.py", *asked["arguments"]])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _command(arguments: list[str]) -> int:
    try:
        execute_from_command_line(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    django.setup()
    import netra.urls  # noqa: F401  (commands check it; imported before they fork)
    from tests.conftest import use_database

    serve(sys.argv[1], use_database)
