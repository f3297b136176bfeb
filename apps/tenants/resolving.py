"""The addresses of a name, asked of the system's resolver with a bound on the wait."""

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from apps.tenants.addresses import Address

PATIENCE_SECONDS = 3.0
# A resolver that hangs holds a thread for up to a minute; it shall not be one that serves.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")


def resolve(name: str) -> tuple[Address, ...]:
    """Every address of `name`; () when it has none or the resolver is silent."""
    try:
        found = _threads.submit(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM)
        rows = found.result(timeout=PATIENCE_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        return ()
    return tuple(sorted({ip_address(row[4][0]) for row in rows}, key=str))
