"""Published figures that give nobody away: suppression that cannot be undone for named readers, noise for everybody.

*Named readers* (officials) see exact figures with cells left out: those of too few, those that one or two dominate,
and so many more that no left-out cell can be computed from what is shown (`suppress`; `bounds` proves it). *The
public* sees every cell with small noise that depends only on who is in the cell (`cell_keys`, `Noise`): the same
question has the same answer, so that asking again or otherwise gives nothing more.
"""

from tulou.kernel.disclosure.noise import Noise, cell_keys, record_keys
from tulou.kernel.disclosure.suppression import Rules, Suppressed, bounds, suppress
from tulou.kernel.disclosure.table import MARGIN, Table, tabulate

__all__ = [
    "MARGIN",
    "Noise",
    "Rules",
    "Suppressed",
    "Table",
    "bounds",
    "cell_keys",
    "record_keys",
    "suppress",
    "tabulate",
]
