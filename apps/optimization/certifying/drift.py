"""Page's and Hinkley's test (1954, 1971): has the mean risen since it was last settled?"""

from dataclasses import dataclass


@dataclass(slots=True)
class PageHinkley:
    """Alarms when observations exceed `expected` + `tolerance` by `threshold` in sum.

    Observations carry their weights already (1/p of a shadowed hit).
    """

    expected: float
    tolerance: float
    threshold: float
    excess: float = 0.0

    def observe(self, value: float) -> bool:
        """True from the observation on that raises the alarm, until `reset`."""
        if self.excess < self.threshold:
            self.excess = max(0.0, self.excess + value - self.expected - self.tolerance)
        return self.excess >= self.threshold

    def reset(self) -> None:
        """What follows is judged anew: after a certificate was made or withdrawn."""
        self.excess = 0.0
