"""What stops the launcher, said in one line that tells the reader what to do next."""

import errno
import traceback
from pathlib import Path

LOW_SPACE_BYTES = 200 * 1024 * 1024


class LaunchError(Exception):
    """The launcher cannot go on; the message is one line and names the next step."""


class DiskFullError(LaunchError):
    """A write, or a program that we started, ran out of space."""

    def __init__(self, place: Path | str, figures: str = "no space left") -> None:
        super().__init__(
            f"the disk is full at {place} ({figures}); free some space and run it again"
        )


def explain_os_error(error: OSError) -> LaunchError:
    """One line for an error of the operating system; unknown ones keep where they came from."""
    place = error.filename or "this checkout"
    # shutil.Error gathers many errors in one without a number.
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left on device" in str(error):
        return DiskFullError(place)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return LaunchError(
            f"{place} may not be written or run by this user ({error.strerror}); "
            "run it as the owner of the checkout"
        )
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return LaunchError(f"{error} ({Path(frame.filename).name}:{frame.lineno})")
