"""A process that makes calls until it is killed, and keeps a list of what it was promised.

    python -m tests.usage.shipping.caller SPOOL LIST SEED ORGANIZATION...

The list has a line `begin ID` or `end ID` before the spool is told, and the same with `kept`
once the spool says that everything is on disk.
"""

import os
import resource
import sys
import time
from pathlib import Path
from random import Random
from uuid import UUID

from apps.kernel.clock import utc_now
from apps.kernel.events import Begin, Event
from apps.kernel.ids import uuid7
from apps.usage.spool import SpoolWriter

PROJECT = UUID(int=7)
SEGMENT_BYTES = 30_000


class Caller:
    def __init__(self, spool: Path, listing: Path, seed: int, organizations: list[UUID]) -> None:
        self.random = Random(seed)  # noqa: S311  (a reproducible test)
        self.organizations = organizations
        self.writer = SpoolWriter(spool, f"gateway-{seed}", segment_bytes=SEGMENT_BYTES)
        self.listing = os.open(listing, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.unsure: list[str] = []
        self.running: list[Begin] = []

    def run(self) -> None:
        while True:
            self.step()
            if self.random.random() < 0.02:
                self.toggle_disk()
            if self.random.random() < 0.05:
                self.writer.sync()
            time.sleep(self.random.random() * 0.002)

    def step(self) -> None:
        if len(self.running) < 4 or self.random.random() < 0.5:
            begin = self.make_begin()
            self.say(f"begin {begin.event_id}")
            self.writer.begin(begin)
            self.running.append(begin)
            self.say_kept(f"begin {begin.event_id}")
        else:
            begin = self.running.pop(self.random.randrange(len(self.running)))
            self.say(f"end {begin.event_id}")
            self.writer.end(end_of(begin))
            self.say_kept(f"end {begin.event_id}")

    def make_begin(self) -> Begin:
        organization = self.random.choice(self.organizations)
        return Begin(
            uuid7(),
            utc_now(),
            organization,
            PROJECT,
            "chat.completions",
            "openai",
            end_user=f"canary of {organization}",
        )

    def say(self, line: str) -> None:
        """Not held by the limit, which is the spool's."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        os.write(self.listing, f"{line}\n".encode())
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def say_kept(self, line: str) -> None:
        self.unsure.append(line)
        if self.writer.state.is_durable:
            for each in self.unsure:
                self.say(f"kept {each}")
            self.unsure.clear()

    def toggle_disk(self) -> None:
        """No file may grow beyond a few bytes for a while: what a full disk is to a new segment."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        full = self.random.randrange(2000, SEGMENT_BYTES)
        resource.setrlimit(resource.RLIMIT_FSIZE, (full if soft == hard else hard, hard))


def end_of(begin: Begin) -> Event:
    return Event(
        begin.event_id,
        begin.started_at,
        begin.organization_id,
        PROJECT,
        begin.endpoint,
        begin.dialect,
        end_user=begin.end_user,
        status=200,
    )


if __name__ == "__main__":
    spool, listing, seed, *organizations = sys.argv[1:]
    Caller(Path(spool), Path(listing), int(seed), [UUID(each) for each in organizations]).run()
