"""Which contract a delivery is under when its sender does not say: by the header, and only where it is beyond doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tulou.kernel.errors import Refused, Text, Where, refuse, wrong_use
from tulou.pool.core.catalogue import contract_of
from tulou.pool.core.catalogue.store import pool_catalogue
from tulou.pool.core.contract import Contract, load_contract
from tulou.pool.core.ingest import check_is_there
from tulou.pool.core.intake import open_sources
from tulou.pool.core.lake import Lake
from tulou.pool.core.validation.header import match_header


def named_contract(lake: Lake, name: str) -> Contract:
    """The contract that `name` means: a file, a dataset that was delivered before, or one of the pool's catalogue.

    Raises Refused for a file with faults, WrongUse where there is nothing of that name.
    """
    if Path(name).is_file():
        return load_contract(Path(name))
    if name in lake.datasets():
        return lake.contract(name)
    catalogue = pool_catalogue(lake.root)
    if name in catalogue.datasets:
        return contract_of(catalogue, name)
    raise wrong_use(
        "contract.none",
        f"没有合同文件 {name}, 也没有同名的数据集",
        f"There is no contract file {name}, and no dataset of that name",
        remedy=Text(
            zh="tulou pool catalogue search 可查找数据集; tulou pool contract infer 可起草合同",
            en="Find datasets with tulou pool catalogue search; draft a contract with tulou pool contract infer",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Match:
    contract: Contract
    misfits: int


def contract_for(lake: Lake, file: Path) -> Contract:
    """The contract whose columns the file's header has: among those delivered before, else among the catalogue's.

    Raises WrongUse where there is no such file, Refused where none fits, or several do so equally well.
    """
    check_is_there(file)
    folder = lake.stage("header")
    try:
        headers = [source.header for source in open_sources(file, folder, sheet=None, fits=bool).sources]
    finally:
        lake.unstage(folder)
    known = [lake.contract(name) for name in lake.datasets()]
    catalogue = pool_catalogue(lake.root)
    for contracts in (known, (contract_of(catalogue, name) for name in catalogue.datasets)):
        matches = sorted(_matching(headers, contracts), key=lambda match: match.misfits)
        best = [match.contract for match in matches if match.misfits == matches[0].misfits]
        if len(best) == 1:
            return best[0]
        if best:
            names = ", ".join(contract.dataset for contract in best)
            raise refuse(
                "contract.several",
                f"文件符合多个数据集的合同: {names}",
                f"The file fits the contracts of several datasets: {names}",
                where=Where(file=file.name),
                remedy=Text(zh="请用 --contract 指定其中一个", en="Name one of them with --contract"),
            )
    raise refuse(
        "contract.unknown",
        "文件不符合任何已知数据集的合同",
        "The file fits the contract of no dataset that is known",
        where=Where(file=file.name, line=1),
        remedy=Text(
            zh="请用 --contract 指定合同; tulou pool contract infer 可从文件起草",
            en="Name one with --contract; tulou pool contract infer drafts one from the file",
        ),
    )


def _matching(headers: Sequence[Sequence[str]], contracts: Iterable[Contract]) -> Iterable[_Match]:
    for contract in contracts:
        misfits = 0
        try:
            for header in headers:
                places, _ = match_header(header, contract, "")
                found = {place for place in places if place is not None}
                misfits += places.count(None) + len(contract.columns) - len(found)
        except Refused:
            continue
        if headers:
            yield _Match(contract, misfits)
