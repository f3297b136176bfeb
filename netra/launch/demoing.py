"""`apex demo`: recorded traffic through what `apex up` runs in another terminal."""

from collections.abc import Mapping, Sequence

from netra.launch.commands import django_environment
from netra.launch.failures import LaunchError
from netra.launch.foreground import run_foreground
from netra.launch.locking import holder_of
from netra.launch.places import Places


def demo(places: Places, caller: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run the demo; its exit status. Raises LaunchError where nothing runs."""
    folder = str(places.local / "demo")
    command = [str(places.python), "-m", "demo", "--folder", folder, *arguments]
    if not {"-h", "--help"}.isdisjoint(arguments):
        return run_foreground(command, env=caller, cwd=places.root)
    holder = holder_of(places.lock)
    if holder is None or holder.command != "up":
        raise LaunchError("the demo needs a running product; start ./apex up in another terminal")
    with django_environment(places, caller, "demo") as env:
        return run_foreground(command, env=env, cwd=places.root)
