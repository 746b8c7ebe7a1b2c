"""What was compared, how far apart it was, and whether that is allowed."""

import numpy as np


def tensor_error(got, expected, floor=0.0):
    """max|got - expected| / max|expected|, or inf for another shape or NaN.

    floor: smallest denominator, for tensors that are zero but for rounding.
    """
    got = np.asarray(got, np.float64)
    expected = np.asarray(expected, np.float64)
    if got.shape != expected.shape or not np.isfinite(got).all():
        return float("inf")
    if not expected.size:
        return 0.0
    top = max(float(np.abs(expected).max()), floor)
    distance = float(np.abs(got - expected).max())
    return distance / top if top else distance


def relative(got, expected):
    """Relative error of a number."""
    if not np.isfinite(got):
        return float("inf")
    return abs(got - expected) / abs(expected) if expected else abs(got)


class Table:
    """Rows of checks; prints itself and knows whether all passed."""

    def __init__(self):
        self.rows, self.notes = [], []

    def judge(self, what, error, limit, detail=""):
        """An error that must not exceed a limit."""
        passed = bool(error <= limit)
        row = (what, f"{error:.1e}", f"{limit:.0e}", passed, detail)
        self.rows.append(row)
        return passed

    def require(self, what, passed, detail=""):
        """A condition that is true or false."""
        self.rows.append((what, "", "", bool(passed), detail))
        return passed

    def note(self, text):
        """Something the reader must know that is not judged."""
        self.notes.append(text)

    def failed(self):
        """Number of failed rows."""
        return sum(not row[3] for row in self.rows)

    def show(self):
        """Prints every row, then the notes, then the sums."""
        width = max([len(row[0]) for row in self.rows] + [8])
        for what, error, limit, passed, detail in self.rows:
            verdict = "pass" if passed else "FAIL"
            bound = f"{error:>8} <= {limit:<6}" if error else " " * 18
            print(f"{verdict}  {what:<{width}}  {bound}  {detail}".rstrip())
        for text in self.notes:
            print(f"note  {text}")
        print(f"{len(self.rows) - self.failed()} passed, "
              f"{self.failed()} failed")
