"""The size law: short files, short functions, and a list of exceptions that shrinks."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_LINES = 300
SMALL_LINES, SMALL_SHARE = 8, 0.75
MEDIUM_LINES, MEDIUM_SHARE = 20, 0.97
FUNCTION_LINES = 40
EXCEPTIONS = Path("tests/house/size_exceptions.txt")
_CODE = ("netra", "apps", "sim", "demo", "bench", "sdk", "deploy")
_TESTS = ("tests",)
_TOP = ("apex", "manage.py", "conftest.py")
_GENERATED = {"migrations", "djstripe_migrations", "node_modules", "__pycache__"}


@dataclass(frozen=True)
class Function:
    """One function: where, its qualified name and its body lines without docstring."""

    path: str
    name: str
    lines: int

    @property
    def key(self) -> str:
        return f"{self.path}:{self.name}"


@dataclass(frozen=True)
class Report:
    """The three figures, and every breach in words."""

    small_share: float
    medium_share: float
    longest: int
    breaches: list[str]


def measure(root: Path) -> Report:
    """Hold the checkout at `root` against the law."""
    excepted, misfits = read_exceptions(root / EXCEPTIONS)
    functions = [f for path in _files(root, _CODE) for f in functions_of(path, root)]
    breaches = [
        *misfits,
        *_long_files(root, excepted),
        *_long_functions(functions, excepted),
        *_stale(root, functions, excepted),
        *_unbalanced(functions),
    ]
    return Report(
        _share(functions, SMALL_LINES),
        _share(functions, MEDIUM_LINES),
        max((f.lines for f in functions), default=0),
        breaches,
    )


def functions_of(path: Path, root: Path) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    name = path.relative_to(root).as_posix()
    yield from _walk(ast.parse(path.read_text()), name, "")


def _walk(node: ast.AST, path: str, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, prefix + child.name, body_lines(child))
        inner = f"{prefix}{child.name}." if isinstance(child, _NAMED) else prefix
        yield from _walk(child, path, inner)


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last statement, blank ones and comments included."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def read_exceptions(path: Path) -> tuple[set[str], list[str]]:
    """The excepted files and functions, and the lines that give no reason."""
    lines = path.read_text().splitlines() if path.exists() else []
    entries = [line.split(None, 1) for line in lines if line.strip() and line[0] != "#"]
    misfits = [f"{path.name}: {entry[0]} has no reason" for entry in entries if len(entry) < 2]
    return {entry[0] for entry in entries}, misfits


def _files(root: Path, directories: Sequence[str]) -> Iterator[Path]:
    yield from (root / name for name in _TOP if (root / name).exists())
    for directory in directories:
        for path in sorted((root / directory).rglob("*.py")):
            if not _GENERATED & set(path.relative_to(root).parts):
                yield path


def _line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


def _long_files(root: Path, excepted: set[str]) -> Iterator[str]:
    for path in _files(root, _CODE + _TESTS):
        name, lines = path.relative_to(root).as_posix(), _line_count(path)
        if lines > FILE_LINES and name not in excepted:
            yield f"{name}: {lines} lines, at most {FILE_LINES} are allowed"


def _long_functions(functions: Iterable[Function], excepted: set[str]) -> Iterator[str]:
    for function in functions:
        if function.lines > FUNCTION_LINES and function.key not in excepted:
            yield f"{function.key}: {function.lines} lines, at most {FUNCTION_LINES} are allowed"


def _stale(root: Path, functions: Iterable[Function], excepted: set[str]) -> Iterator[str]:
    """Exceptions that nothing needs any more: the list only shrinks."""
    long = {f.key for f in functions if f.lines > FUNCTION_LINES}
    long |= {
        path.relative_to(root).as_posix()
        for path in _files(root, _CODE + _TESTS)
        if _line_count(path) > FILE_LINES
    }
    for key in sorted(excepted - long):
        yield f"{EXCEPTIONS.name}: {key} needs no exception any more; remove it"


def _unbalanced(functions: Sequence[Function]) -> Iterator[str]:
    for limit, wanted in ((SMALL_LINES, SMALL_SHARE), (MEDIUM_LINES, MEDIUM_SHARE)):
        share = _share(functions, limit)
        if share < wanted:
            yield f"{share:.1%} of functions have at most {limit} lines, {wanted:.0%} must"


def _share(functions: Sequence[Function], limit: int) -> float:
    if not functions:
        return 1.0
    return sum(f.lines <= limit for f in functions) / len(functions)


def describe(report: Report) -> str:
    """The figures in one line and a line for each breach."""
    figures = (
        f"functions: {report.small_share:.1%} within {SMALL_LINES} lines, "
        f"{report.medium_share:.1%} within {MEDIUM_LINES}, longest {report.longest}"
    )
    return "\n".join([figures, *report.breaches])
