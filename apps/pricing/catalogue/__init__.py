"""The shipped catalogue: one file for each provider, every one of the same edition."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
EDITION = "edition.json"


def shipped_catalogue() -> dict[str, Any]:
    """{"edition": date of the prices, "source": where they come from, "providers": {…}}.

    apps/pricing/rates/terms.py says what a provider's entry holds.
    """
    edition: dict[str, Any] = json.loads((FOLDER / EDITION).read_text())
    files = sorted(path for path in FOLDER.glob("*.json") if path.name != EDITION)
    return edition | {"providers": {path.stem: json.loads(path.read_text()) for path in files}}


def write_catalogue(catalogue: dict[str, Any]) -> None:
    """Replace those files, one model a line, so that changes read well."""
    providers = catalogue["providers"]
    edition = {name: value for name, value in catalogue.items() if name != "providers"}
    (FOLDER / EDITION).write_text(json.dumps(edition, indent=1) + "\n")
    for name, entry in providers.items():
        (FOLDER / f"{name}.json").write_text(_lined(entry))


def _lined(entry: dict[str, Any]) -> str:
    head = {name: value for name, value in entry.items() if name != "models"}
    models = ",\n".join(json.dumps(m, ensure_ascii=False) for m in entry["models"])
    return f'{json.dumps(head)[:-1]}, "models": [\n{models}\n]}}\n'
