"""What the documentation names exists: commands, paths, headers, codes, variables, figures."""

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import prometheus_client
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

from apps.proxy.app import is_provider_path
from netra.launch import benching, checking, cli
from netra.launch.places import Places
from netra.operations.figures import Figures
from netra.operations.views import PROBES
from tests.docs.pages import ROOT, lines_of_code, pages, words
from tests.house.operations import operations
from tests.netra.test_configuration_docs import LAUNCHER, SIMULATOR, read_by_code

# Tables of codes have one of these words at the head of a column.
CODE_COLUMNS = {"code", "codes"}
ANNOUNCED = {"APEX_PORTAL_URL", "APEX_GATEWAY_URL", "APEX_DEMO_KEY", "APEX_DEMO_EMAIL"}
# Of the reader's own terminal, set by the snippets themselves.
OWN_VARIABLES = {"NETRA_URL", "NETRA_KEY"}
VARIABLE = re.compile(r"\b(?:NETRA|APEX|PORT|SIM|STRIPE|SENTRY|OTEL)_[A-Z_]*[A-Z]\b")
METRIC = re.compile(r"\bnetra_(?!verify)[a-z]+_[a-z_]+\b")
HEADER = re.compile(r"\bNetra-[A-Z][A-Za-z-]*")
APEX = re.compile(r"\./apex ([a-z]+)((?: [^`|;&\n]*)?)")
MANAGE = re.compile(r"manage(?:\.py)? ([a-z_]+)((?: [^`|;&\n]*)?)")
PATH = re.compile(r"^(?:(GET|POST|PUT|PATCH|DELETE) )?(/[a-z][^ ?]*)$")
CODE = re.compile(r'^    code(?:: ClassVar\[str\])? = "(\w+)"', re.MULTILINE)
# Between two parts of one text.
JOINT = re.compile(r'"\s*\n\s*f?"')
LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")
# Paths of the machine, of providers' own parameters, and what stands for more than one.
NO_OPERATIONS = {"/v1", "/dev/shm", "/dev/shm/netra", "/var/lib/netra-apex/"}  # noqa: S108  (names only)


def codes() -> set[str]:
    """Of every error of ours that has a class."""
    return {code for text in _sources() for code in CODE.findall(text)}


def api_paths() -> set[tuple[str, str]]:
    """Method and path of each operation of the API, ids as ID."""
    return {
        (each.method, re.sub(r"<[^>]*>", "ID", each.path).removeprefix("/api/v1"))
        for each in operations()
        if each.surface == "api"
    }


def is_answered(method: str | None, path: str) -> bool:
    """Whether the product answers there; capitals stand for what differs."""
    known = api_paths()
    short = re.sub(r"\b[A-Z]{2,}\b", "ID", path.removeprefix("/api/v1").rstrip("…")) or "/"
    if any(short == each and method in {None, of} for of, each in known):
        return True
    return method is None and _is_served(path)


def _is_served(path: str) -> bool:
    plain = path.rstrip("…").replace("NAME", "name").replace("PROVIDER", "openai")
    return path in PROBES or path in NO_OPERATIONS or is_provider_path(plain) or _is_page(plain)


def _is_page(path: str) -> bool:
    try:
        resolve(path if path.startswith("/api/") else path.replace("SLUG", "acme"))
    except Resolver404:
        return False
    return True


def test_every_command_of_apex_exists_with_its_names() -> None:
    unknown = []
    for page, line in lines_of_code():
        for name, rest in APEX.findall(line):
            if name not in cli.COMMANDS or not set(_named(name, rest)) <= _known(name):
                unknown.append((page, line))
    assert unknown == []


def _named(command: str, rest: str) -> Iterable[str]:
    """The plain words behind `check` and `bench`; capitals and options are none."""
    taken = rest.split("#")[0].split()
    return [word for word in taken if re.fullmatch("[a-z]+", word)] if _known(command) else []


def _known(command: str) -> set[str]:
    names = {"check": {"sizes", *checking.COMMANDS}, "bench": {benching.ALL, *_benchmarks()}}
    return names.get(command, set())


def _benchmarks() -> list[str]:
    return benching.benchmarks(Places.of(ROOT))


def test_every_command_of_manage_exists_with_its_options() -> None:
    commands, unknown = get_commands(), []
    for page, line in lines_of_code():
        for name, rest in MANAGE.findall(line):
            app = commands.get(name)
            options = {word for word in shlex.split(rest.split("#")[0]) if word.startswith("--")}
            if app is None or not options <= _options(app, name):
                unknown.append((page, line))
    assert unknown == []


def _options(app: object, name: str) -> set[str]:
    command = load_command_class(str(app), name)
    parser = command.create_parser("manage.py", name)
    return {option for action in parser._actions for option in action.option_strings}


def test_every_path_is_answered() -> None:
    unknown = []
    for page in pages():
        for word in words(page):
            found = PATH.match(word)
            if found and page != "docs/permissions.md" and not is_answered(*found.groups()):
                unknown.append((page, word))
    assert unknown == []


def test_every_header_of_ours_exists() -> None:
    known = {name for text in _sources() for name in re.findall(r"netra-[a-z-]+", text.lower())}
    named = {name.lower() for text in pages().values() for name in HEADER.findall(text)}
    unknown = {name for name in named if not any(each.startswith(name) for each in known)}
    assert unknown == set()


def test_every_code_in_a_table_of_codes_exists() -> None:
    known = codes()
    unknown = [(page, code) for page in pages() for code in _codes_of(page) if code not in known]
    assert unknown == []


def _codes_of(page: str) -> Iterator[str]:
    yield from (each for each in _column(page, *CODE_COLUMNS) if re.fullmatch("[a-z_]+", each))


def _column(page: str, *titles: str) -> Iterator[str]:
    """What stands in code style below one of `titles` in the tables of a page."""
    column: int | None = None
    for line in pages()[page].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if not cells:
            column = None
        elif set(titles) & set(cells):
            column = next(index for index, cell in enumerate(cells) if cell in titles)
        elif column is not None:
            yield from re.findall(r"`([^`]+)`", cells[column])


def test_every_variable_is_read_by_something() -> None:
    read = {name for name, _, _ in read_by_code()}
    known = {*read, *LAUNCHER, *SIMULATOR, *ANNOUNCED, *OWN_VARIABLES}
    known |= {f"{name}_FILE" for name in read} | _read_by_tools()
    named = {name for text in pages().values() for name in VARIABLE.findall(text)}
    assert named - known == set()


def _read_by_tools() -> set[str]:
    paths = (path for name in ("bench", "demo", "tests") for path in (ROOT / name).rglob("*.py"))
    return {name for path in paths for name in re.findall(r'environ.*?"(\w+)"', path.read_text())}


def test_every_figure_is_measured() -> None:
    registered = {each.name for each in prometheus_client.REGISTRY.collect()}
    known = registered | {each.name for each in Figures().describe()}
    named = {name for text in pages().values() for name in METRIC.findall(text)}
    assert {name for name in named if not any(name.startswith(each) for each in known)} == set()


def test_every_link_leads_to_a_page_and_a_place_on_it() -> None:
    broken = [
        (page, link)
        for page in pages()
        for link in LINK.findall(_text(page))
        if not _leads(page, link)
    ]
    assert broken == []


def _text(page: str) -> str:
    return re.sub(r"`[^`\n]*`", "", pages()[page])


def _leads(page: str, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (ROOT / page).parent / file if file else ROOT / page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(file: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", title.lower()) for title in titles)
    return {re.sub(r"\s", "-", title.strip()) for title in plain}


def test_the_index_has_a_line_for_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text()
    missing = [path.name for path in (ROOT / "docs").glob("*.md") if f"({path.name})" not in index]
    assert missing == ["README.md"]


def test_every_message_that_is_quoted_is_said_somewhere() -> None:
    said = [JOINT.sub("", text) for text in _sources()]
    quoted = _column("docs/troubleshooting.md", "says")
    assert [each for each in quoted if not any(each in text for text in said)] == []


@cache
def _sources() -> list[str]:
    paths = (path for name in ("apps", "netra") for path in sorted((ROOT / name).rglob("*.py")))
    return [path.read_text() for path in paths]
