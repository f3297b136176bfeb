import ast
from pathlib import Path

from netra.launch.sizes import Function, body_lines, describe, functions_of, measure

SHORT = "def short():\n    return 1\n"


def function(lines: int, name: str = "long") -> str:
    return f"def {name}():\n" + "    x = 1\n" * lines


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def parsed(text: str) -> ast.FunctionDef:
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_the_docstring_does_not_count_but_blank_lines_and_comments_do() -> None:
    text = 'def f():\n    """One\n\n    two."""\n    x = 1\n\n    # why\n    return x\n'
    assert body_lines(parsed(text)) == 4
    assert body_lines(parsed('def f():\n    """Only words."""\n')) == 0


def test_methods_and_nested_functions_are_found_by_name(tmp_path: Path) -> None:
    write(tmp_path, "apps/a.py", "class A:\n    def b(self):\n        def c():\n            pass\n")
    assert list(functions_of(tmp_path / "apps/a.py", tmp_path)) == [
        Function("apps/a.py", "A.b", 2),
        Function("apps/a.py", "A.b.c", 1),
    ]


def test_a_house_of_short_functions_has_no_breach(tmp_path: Path) -> None:
    write(tmp_path, "apps/a.py", SHORT)
    report = measure(tmp_path)
    assert report.breaches == []
    assert describe(report) == ("functions: 100.0% within 8 lines, 100.0% within 20, longest 1")


def test_each_limit_is_held(tmp_path: Path) -> None:
    write(tmp_path, "apps/a.py", function(41) + SHORT)
    write(tmp_path, "tests/test_a.py", "x = 1\n" * 301)
    assert measure(tmp_path).breaches == [
        "tests/test_a.py: 301 lines, at most 300 are allowed",
        "apps/a.py:long: 41 lines, at most 40 are allowed",
        "50.0% of functions have at most 8 lines, 75% must",
        "50.0% of functions have at most 20 lines, 97% must",
    ]


def test_migrations_are_not_measured(tmp_path: Path) -> None:
    write(tmp_path, "apps/a/migrations/0001.py", function(400))
    assert measure(tmp_path).breaches == []


def test_an_exception_needs_a_reason_and_a_breach(tmp_path: Path) -> None:
    write(tmp_path, "apps/a.py", function(41) + SHORT * 40)
    write(
        tmp_path,
        "tests/house/size_exceptions.txt",
        "# comment\napps/a.py:long\napps/b.py one table\n",
    )
    assert measure(tmp_path).breaches == [
        "size_exceptions.txt: apps/a.py:long has no reason",
        "size_exceptions.txt: apps/b.py needs no exception any more; remove it",
    ]
