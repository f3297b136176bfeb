"""Spend in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

One row is what one bucket of one model's tokens cost in one hour, for one project, key and set of
tags. Unpriced calls have no row: FOCUS knows no cost that is not known, and 0 would be wrong.
"""
