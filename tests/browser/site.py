"""The product as a visitor meets it: real processes over a database of their own."""

import email
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import httpx
from playwright.sync_api import Page

from tests.factories import PASSWORD

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 180


@dataclass(frozen=True)
class Site:
    """A running web process and worker, and the files that their consoles write.

    environment: of its processes; names where the gateway is, once `carrying` runs it.
    """

    url: str
    consoles: tuple[Path, ...]
    folder: Path
    environment: Mapping[str, str]

    def sign_in(self, page: Page, address: str) -> None:
        """To the first page of their organization."""
        page.goto(f"{self.url}/accounts/login/")
        page.locator("[name=login]").fill(address)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/o/[^/]+/$"))

    def link_to(self, address: str, part: str) -> str:
        """The newest link that holds `part` in an e-mail to `address`, waiting for it to come."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            links = [link for text in self._texts_to(address) for link in _links(text, part)]
            if links:
                return links[-1]
            time.sleep(0.1)  # the worker sends it when it gets to it
        raise AssertionError(f"no e-mail to {address} holds a link with {part}")

    def _texts_to(self, address: str) -> Iterator[str]:
        for console in self.consoles:
            for chunk in re.split(r"^-{70,}$", console.read_text(), flags=re.MULTILINE):
                start = chunk.find("Content-Type: multipart")
                message = email.message_from_string(chunk[max(start, 0) :])
                if message["To"] == address:
                    yield _text_part(message)


def _text_part(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            return payload.decode() if isinstance(payload, bytes) else ""
    return ""


def _links(text: str, part: str) -> list[str]:
    return [link for link in re.findall(r"https?://\S+", text) if part in link]


@contextmanager
def running_site(folder: Path, database_url: str) -> Iterator[Site]:
    """Serve over `database_url` until the block ends."""
    url, gateway_port = f"http://localhost:{free_port()}", free_port()
    env = os.environ | {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "netra.settings.dev",
        "NETRA_PORTAL_URL": url,
        "NETRA_GATEWAY_URL": f"http://127.0.0.1:{gateway_port}",
        "NETRA_SPOOL_DIR": str(folder / "spool"),
        "NETRA_SNAPSHOT_DIR": str(folder / "snapshot"),
        "PYTHONUNBUFFERED": "1",
    }
    port = url.rpartition(":")[2]
    web = ["-m", "uvicorn", "netra.asgi:application", "--port", port, "--no-access-log"]
    worker = ["-m", "celery", "-A", "netra.celery", "worker", "--pool", "solo"]
    consoles = (folder / "web.txt", folder / "worker.txt")
    with ExitStack() as stack:
        stack.enter_context(process(web, env, consoles[0]))
        stack.enter_context(process([*worker, "--loglevel", "warning"], env, consoles[1]))
        wait_until_ready(f"{url}/readyz", consoles[0])
        yield Site(url, consoles, folder, env)


@contextmanager
def carrying(site: Site) -> Iterator[None]:
    """The gateway and the shipper over the site's database until the block ends."""
    url, console = site.environment["NETRA_GATEWAY_URL"], site.folder / "gateway.txt"
    gateway = ["-m", "netra.serving", "--port", url.rpartition(":")[2]]
    shipper = ["manage.py", "ship"]
    with ExitStack() as stack:
        stack.enter_context(process(gateway, site.environment, console))
        stack.enter_context(process(shipper, site.environment, site.folder / "shipper.txt"))
        wait_until_ready(f"{url}/readyz", console)
        yield


@contextmanager
def process(command: Sequence[str], env: Mapping[str, str], console: Path) -> Iterator[None]:
    """Python with these arguments until the block ends; what it says goes to `console`."""
    with (
        console.open("w") as output,
        subprocess.Popen(
            [sys.executable, *command],
            env=env,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as running,
    ):
        try:
            yield
        finally:
            running.terminate()
            running.wait(STARTS_WITHIN_S)


def wait_until_ready(url: str, console: Path) -> None:
    """Until `url` answers 200. Raises AssertionError, with what was said, when it never does."""
    deadline, answer = time.monotonic() + STARTS_WITHIN_S, ""
    while time.monotonic() < deadline:
        try:
            response = httpx.get(url)
        except httpx.TransportError as error:
            answer = str(error)
        else:
            if response.status_code == httpx.codes.OK:
                return
            answer = response.text
        time.sleep(0.1)  # the process is starting
    raise AssertionError(f"the site did not become ready: {answer}\n{console.read_text()}")


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
