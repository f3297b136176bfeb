"""An anytime-valid test of a weighted mean, by betting (Waudby-Smith and Ramdas, 2024)."""

from math import exp, log, log1p

_STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)


class WealthTest:
    """Rejects "the mean error is at least `bound`", with `error_rate` at most wrongly, ever.

    Observations are errors times their weight 1/p, each at most 1/p. A stake is scaled by p, which
    must be known before the outcome; wealth is the mean over stakes, so none has to be chosen.
    """

    def __init__(self, *, bound: float, error_rate: float) -> None:
        self._bound = bound
        self._needed = log(1 / error_rate)
        self._wealth = [0.0] * len(_STAKES)
        self._best = 0.0

    def observe(
        self, *, is_error: bool, probability: float = 1.0, is_labelled: bool = True
    ) -> None:
        """One request: whether it would have been served wrongly, as labelled with `probability`.

        An unlabelled request counts as no error, which its weight makes up for.
        """
        value = is_error / probability if is_labelled else 0.0
        for n, stake in enumerate(_STAKES):
            self._wealth[n] += log1p(stake * probability * (self._bound - value))
        self._best = max(self._best, self.log_wealth)

    @property
    def log_wealth(self) -> float:
        """Of the mean over all stakes."""
        most = max(self._wealth)
        return most + log(sum(exp(each - most) for each in self._wealth) / len(_STAKES))

    @property
    def is_rejected(self) -> bool:
        """True once the evidence was enough at any time: it stays so."""
        return self._best >= self._needed
