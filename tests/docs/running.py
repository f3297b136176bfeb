"""Runs the snippets of one page, one after the other, as a reader would in one terminal."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import psycopg

from tests.docs.pages import Snippet
from tests.docs.product import Product

_MODULES = {"openai", "@anthropic-ai/sdk"}
_LITERAL = re.compile(r'"([^"\n]*)"')
_VARIABLE = re.compile(r'environ\["(\w+)"\]|process\.env\.(\w+)')
# A store that was slow once is not asked for a second, so that trying sooner finds nothing new.
_TRIES, _PAUSE_SECONDS = 30, 1.2
# Leaves the variables behind: what is exported, and plain ones in capitals.
_KEEP = """
env -0 > state.env
declare -p | grep -E '^declare -- [A-Z][A-Z_]*=' | grep -v '^declare -- BASH' > state.sh || true
"""


@dataclass
class Terminal:
    """What a reader has in front of them. said: what the snippet before printed."""

    product: Product
    env: dict[str, str] = field(default_factory=dict)
    said: str = ""
    python_before: str = ""
    names: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = dict(self.product.env)
        self._state_file.unlink(missing_ok=True)

    @property
    def _state_file(self) -> Path:
        return self.product.folder / "state.sh"

    def run(self, snippet: Snippet) -> None:
        """Raises AssertionError when the snippet does not do what its page says."""
        runners: dict[str, Callable[[Snippet], None]] = {
            "bash": self._bash,
            "python": self._python,
            "typescript": self._typescript,
            "json": self._json,
            "http": self._http,
            "sql": self._sql,
        }
        for _ in range(_TRIES if snippet.note.startswith("retried: ") else 0):
            with contextlib.suppress(AssertionError):
                runners[snippet.language](snippet)
                return
            time.sleep(_PAUSE_SECONDS)
        runners[snippet.language](snippet)

    def _bash(self, snippet: Snippet) -> None:
        """In one shell after the other, each with the variables of the one before."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{self._state()}{snippet.code}\n{_KEEP}"],
            env=self.env,
            cwd=self.product.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        kept = (self.product.folder / "state.env").read_bytes().split(b"\0")
        self.env = dict(each.decode().split("=", 1) for each in kept if each)
        self.said = done.stdout

    def _state(self) -> str:
        """Sets what the shell before had without exporting it."""
        return self._state_file.read_text() if self._state_file.exists() else ""

    def _python(self, snippet: Snippet) -> None:
        said = io.StringIO()
        code = compile(snippet.code, snippet.place, "exec")
        with mock.patch.dict(os.environ, self.env), contextlib.redirect_stdout(said):
            exec(code, self.names)  # noqa: S102  (a snippet of ours)
        self.said, self.python_before = said.getvalue(), snippet.code

    def _typescript(self, snippet: Snippet) -> None:
        """It is the same call as the Python snippet before it, and parses where node is there."""
        assert _variables(snippet.code) == _variables(self.python_before), snippet.place
        assert _literals(snippet.code) <= _literals(self.python_before), snippet.place
        _parse(snippet, self.product.folder)

    def _json(self, snippet: Snippet) -> None:
        """It parses; marked as the answer, it is within what the snippet before it printed."""
        stated = json.loads(snippet.code)
        if snippet.note.startswith("answer"):
            answered = json.loads(self.said)
            assert within(stated, answered), f"{json.dumps(answered, indent=2)}"

    def _http(self, snippet: Snippet) -> None:
        head, _, body = self._expanded(snippet.code).partition("\n\n")
        first, *rest = head.splitlines()
        method, url = first.split()
        headers = dict(line.split(": ", 1) for line in rest)
        answer = httpx.request(method, url, headers=headers, content=body.encode())
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        self.said = answer.text

    def _sql(self, snippet: Snippet) -> None:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            connection.read_only = True
            connection.execute(snippet.code.encode())

    def _expanded(self, text: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: self.env[found[1]], text)


def within(stated: Any, answered: Any) -> bool:
    """Whether all that is stated was answered; "…" stands for any text, or the rest of one."""
    if isinstance(stated, dict):
        return isinstance(answered, dict) and all(
            name in answered and within(value, answered[name]) for name, value in stated.items()
        )
    if isinstance(stated, list):
        return isinstance(answered, list) and all(map(within, stated, answered))
    if isinstance(stated, str) and stated.endswith("…"):
        return str(answered).startswith(stated[:-1])
    return bool(stated == answered)


def _variables(code: str) -> set[str]:
    return {first or second for first, second in _VARIABLE.findall(code)}


def _literals(code: str) -> set[str]:
    return set(_LITERAL.findall(code)) - _MODULES


def _parse(snippet: Snippet, folder: Path) -> None:
    """The snippets use no types, so that they are JavaScript as well."""
    file = folder / "snippet.mjs"
    file.write_text(snippet.code)
    if node := shutil.which("node"):
        done = subprocess.run([node, "--check", str(file)], capture_output=True, check=False)
        assert done.returncode == 0, f"{done.stderr.decode()}"
