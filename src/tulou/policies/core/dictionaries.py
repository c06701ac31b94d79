"""Dictionaries of codes with their hierarchy, of any size: GB/T 2260, GB/T 4754, zones, catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import Text, refuse

States = npt.NDArray[np.int8]
"""One state a code: 0 false, 1 unknown, 2 true."""

FALSE_STATE, UNKNOWN_STATE, TRUE_STATE = 0, 1, 2
NOWHERE = -1


class Dictionary:
    """A versioned list of codes, each with at most one parent, which stands before or after it.

    Positions are 32-bit, so a list may be longer than 65,536; nothing is truncated. `alias` gives the code that another
    spelling means, `shorten` the code here that holds a finer one: a firm's code may be finer, a rule's may not.
    """

    def __init__(
        self,
        name: str,
        version: str,
        codes: Iterable[str],
        parents: Iterable[str | None],
        labels: Mapping[str, Text] | None = None,
        alias: Callable[[str], str | None] | None = None,
        shorten: Callable[[str], str] | None = None,
    ) -> None:
        self.name, self.version = name, version
        self.codes: tuple[str, ...] = tuple(codes)
        self.labels = labels or {}
        self._alias = alias
        self._shorten = shorten
        self._index = {code: i for i, code in enumerate(self.codes)}
        if len(self._index) != len(self.codes):
            seen: set[str] = set()
            twice = next(code for code in self.codes if code in seen or seen.add(code))  # type: ignore[func-returns-value]
            raise refuse(
                "policies.dictionary.twice",
                f"字典 {name} 中代码 {twice} 重复",
                f"The code {twice} stands twice in the dictionary {name}",
            )
        self._parents = np.fromiter(
            (NOWHERE if parent is None else self._parent(parent) for parent in parents), np.int32, len(self.codes)
        )

    def _parent(self, code: str) -> int:
        found = self._index.get(code)
        if found is None:
            raise refuse(
                "policies.dictionary.parent",
                f"字典 {self.name} 中没有上级代码 {code}",
                f"The dictionary {self.name} has no parent code {code}",
            )
        return found

    def __len__(self) -> int:
        return len(self.codes)

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self.position(code) != NOWHERE

    @property
    def flat(self) -> bool:
        """Whether no code has a parent."""
        return bool((self._parents == NOWHERE).all())

    def position(self, code: str) -> int:
        """The place of `code` (or of what it is an alias for), or -1.

        >>> Dictionary("zone", "1", ["A", "A1"], [None, "A"]).position("A1")
        1
        """
        found = self._index.get(code)
        if found is None and self._alias is not None:
            found = self._index.get(self._alias(code) or "")
        return NOWHERE if found is None else found

    def position_of_fact(self, code: str) -> int:
        """The place of a firm's code, which may be finer than the dictionary (a town's code means its county here)."""
        place = self.position(code)
        if place == NOWHERE and self._shorten is not None:
            place = self.position(self._shorten(code))
        return place

    def label(self, code: str) -> Text:
        """The words for `code`; the code itself where the dictionary has none."""
        place = self.position(code)
        return self.labels.get(self.codes[place] if place != NOWHERE else code, Text(zh=code, en=code))

    def lineage(self, code: str) -> tuple[str, ...]:
        """`code` and its ancestors, nearest first; empty where the code is unknown."""
        place, found = self.position(code), []
        while place != NOWHERE:
            found.append(self.codes[place])
            place = int(self._parents[place])
        return tuple(found)

    def children(self, code: str | None) -> tuple[str, ...]:
        """The codes directly under `code`; of None the roots.

        >>> Dictionary("zone", "1", ["A", "A1"], [None, "A"]).children("A")
        ('A1',)
        """
        place = NOWHERE if code is None else self.position(code)
        if code is not None and place == NOWHERE:
            return ()
        return tuple(self.codes[child] for child in np.flatnonzero(self._parents == place))

    @cached_property
    def _levels(self) -> tuple[npt.NDArray[np.int32], ...]:
        """Positions by depth, roots first. Raises Refused where parents run in a circle."""
        depth = np.full(len(self.codes), NOWHERE, np.int32)
        levels: list[npt.NDArray[np.int32]] = []
        rest = np.arange(len(self.codes), dtype=np.int32)
        reached = self._parents == NOWHERE
        while rest.size:
            level = rest[reached[rest]]
            if not level.size:
                raise refuse(
                    "policies.dictionary.circle",
                    f"字典 {self.name} 的上级关系成环: {self.codes[rest[0]]}",
                    f"The parents in the dictionary {self.name} run in a circle: {self.codes[rest[0]]}",
                )
            depth[level] = len(levels)
            levels.append(level)
            rest = rest[~reached[rest]]
            parents = self._parents[rest]
            reached[rest] = depth[np.where(parents == NOWHERE, 0, parents)] == len(levels) - 1
        return tuple(levels)

    def states(self, include: frozenset[str], exclude: frozenset[str] = frozenset()) -> States:
        """For each code: is it in the set? The nearest of itself and its ancestors that is named decides.

        A code above codes of both kinds is unknown: a firm known only as *manufacturing* may or may not make steel.

        >>> zone = Dictionary("zone", "1", ["A", "A1", "A2"], [None, "A", "A"])
        >>> zone.states(frozenset({"A"}), frozenset({"A2"})).tolist()
        [1, 2, 0]
        """
        return self._states(include, exclude)

    @lru_cache(maxsize=4096)  # noqa: B019 - a dictionary lives as long as the process that judges with it
    def _states(self, include: frozenset[str], exclude: frozenset[str]) -> States:
        said = np.full(len(self.codes), NOWHERE, np.int8)
        for value, codes in ((TRUE_STATE, include), (FALSE_STATE, exclude)):
            for code in codes:
                if (place := self.position(code)) != NOWHERE:
                    said[place] = value
        for level in self._levels:
            parents = self._parents[level]
            inherited = np.where(parents == NOWHERE, np.int8(FALSE_STATE), said[np.maximum(parents, 0)])
            said[level] = np.where(said[level] == NOWHERE, inherited, said[level])
        return self._mixed(said)

    def _mixed(self, said: States) -> States:
        """Parents whose children differ become unknown, from the leaves up."""
        low, high = np.full_like(said, TRUE_STATE), np.full_like(said, FALSE_STATE)
        childless = np.ones(len(said), dtype=bool)
        childless[self._parents[self._parents != NOWHERE]] = False
        low[childless] = high[childless] = said[childless]
        for level in reversed(self._levels[1:]):
            parents = self._parents[level]
            np.minimum.at(low, parents, low[level])
            np.maximum.at(high, parents, high[level])
        result = np.where(low == high, low, np.int8(UNKNOWN_STATE))
        result.flags.writeable = False
        return result
