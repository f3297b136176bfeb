"""Where a checkout keeps what it runs on."""

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """The directories of one running set of services; `up` and `test` have one each."""

    root: Path
    local: Path

    @classmethod
    def of(cls, root: Path) -> "Places":
        """What `up`, `manage` and `bench` share."""
        return cls(root, root / ".local")

    def for_tests(self) -> "Places":
        """The throw-away set of `test`."""
        return Places(self.root, self.local / "test")

    def for_checks(self) -> "Places":
        """The throw-away set of `check`, so that it may run beside `test`."""
        return Places(self.root, self.local / "check")

    def for_soak(self) -> "Places":
        """A whole product of its own, which `bench soak` may kill."""
        return Places(self.root, self.local / "soak")

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def manage(self) -> Path:
        return self.root / "manage.py"

    @property
    def logs(self) -> Path:
        return self.local / "log"

    @property
    def runs(self) -> Path:
        return self.local / "run"

    @property
    def lock(self) -> Path:
        return self.local / "lock"

    @property
    def secrets(self) -> Path:
        return self.local / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.local / "ports.json"

    @property
    def demo(self) -> Path:
        return self.local / "demo.json"

    @property
    def announcement(self) -> Path:
        """What other terminals and scripts read to reach the running services."""
        return self.local / "apex.env"
