"""What stands in brackets, apart from the text around it."""

from __future__ import annotations

import numpy as np

from tulou.pool.core.identity.signs import Places, Signs


def without_brackets(column: Signs) -> tuple[Signs, Signs]:
    """A folded column without what stands in brackets, and the content of the brackets, each with its opening bracket.

    A bracket that is never closed holds the rest of its row; a row that is all brackets is kept as plain text.
    """
    opening, closing = column.codes == ord("("), column.codes == ord(")")
    if not opening.any():
        return column.keep(~closing), Signs(np.zeros(0, dtype=np.uint32), np.zeros(len(column) + 1, dtype=np.int64))
    depth = np.concatenate(([0], np.cumsum(opening.astype(np.int64) - closing)))
    opened = np.concatenate(([0], np.cumsum(opening)))
    inside = (depth[1:] - depth[column.starts][column.rows] > 0) | closing
    inside &= opened[1:] > opened[column.starts][column.rows]
    outside = column.keep(~inside)
    bare = np.diff(outside.offsets) == 0
    inside &= ~bare[column.rows]
    return column.keep(~inside & ~closing & ~opening), column.keep(inside & ~closing)


def bracketed(asides: Signs) -> tuple[Places, Places, Places]:
    """Row, start and end of every bracket's content in what `without_brackets` took out."""
    opens = np.flatnonzero(asides.codes == ord("("))
    rows = asides.rows[opens]
    ends = np.minimum(np.append(opens[1:], len(asides.codes)), asides.ends[rows]) if len(opens) else opens
    return rows, opens + 1, ends
