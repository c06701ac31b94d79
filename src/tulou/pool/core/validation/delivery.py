"""All pieces of a delivery, two at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from tulou.kernel.errors import Finding, Text, Where, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.intake import Piece, Source
from tulou.pool.core.intake.text import PIECE
from tulou.pool.core.lake.schema import TableSchema
from tulou.pool.core.lake.writing import engine
from tulou.pool.core.validation.drift import medians
from tulou.pool.core.validation.expressions import compile_contract
from tulou.pool.core.validation.header import match_header
from tulou.pool.core.validation.pieces import Outcome, Stamp, Validator
from tulou.pool.core.validation.plain import compile_plain
from tulou.pool.core.validation.records import Record
from tulou.pool.core.validation.rules import check_rules
from tulou.pool.core.validation.whole import Bars, Tally, put_together, reject_barred, reject_repeated_keys

WORKERS = 2
Report = Callable[[int], None]


def validate(
    sources: Sequence[Source],
    contract: Contract,
    schema: TableSchema,
    stamp: Stamp,
    folder: Path,
    report: Report,
    bars: Bars | None = None,
) -> Tally:
    """Check every record of the sources against the contract; typed files and rejects are left in `folder`.

    `report` is told the number of records after each piece; `bars` names records that are good in themselves and must
    not come in nevertheless. Raises Refused where a header does not fit, where a file holds another number of records
    than it says, and where a rule of the contract cannot be used.
    """
    check_rules(contract)
    tally = Tally(folder)
    for number, source in enumerate(sources):
        before = tally.records
        pieces = (replace(piece, first_record=piece.first_record + before) for piece in source.pieces())
        validators = _validators(source, number, contract, schema, stamp, tally)
        try:
            _run(pieces, validators, tally, report)
        finally:
            for validator in validators:
                validator.close()
        _check_stated(source, tally.records - before)
    if tally.data:
        with engine(folder) as connection:
            put_together(connection, tally, schema)
            reject_repeated_keys(connection, sources, contract, schema, tally)
            if bars is not None and tally.data:
                reject_barred(connection, bars(tally.data), sources, schema, tally)
            tally.medians = medians(connection, contract, tally.data)
    for rule in contract.rules:
        if rule.name in tally.warned:
            count = tally.warned[rule.name]
            sentence = Text(zh=f"{rule.text.zh}: {count:,} 条记录", en=f"{rule.text.en}: {count:,} records")
            tally.findings.append(Finding(f"rule.{rule.name}", sentence, severity="warn"))
    return tally


def _validators(
    source: Source, number: int, contract: Contract, schema: TableSchema, stamp: Stamp, tally: Tally
) -> list[Validator]:
    """One for a small file; for a large one two that work side by side, and one for what they leave."""
    places, findings = match_header(source.header, contract, source.name)
    tally.findings += findings
    plain = compile_plain(contract, places, source.delimiter)
    patient = compile_contract(contract, places)
    validators = []
    for worker in range(WORKERS + 1 if source.path.stat().st_size > PIECE else 1):
        work = tally.folder / f"worker-{number}-{worker}"
        work.mkdir()
        validators.append(Validator(plain, patient, schema, stamp, source.delimiter, work, number))
    return validators


def _run(pieces: Iterable[Piece], validators: Sequence[Validator], tally: Tally, report: Report) -> None:
    """Take the pieces, and judge what they leave a batch at a time."""
    rest: list[Record] = []
    batch = validators[0].batch
    for records, outcome in _outcomes(pieces, validators, tally):
        tally.add(outcome)
        rest.extend(outcome.rest)
        report(records)
        while len(rest) >= batch:
            tally.add(validators[-1].judge(rest[:batch]))
            del rest[:batch]
    if rest:
        tally.add(validators[-1].judge(rest))


def _outcomes(pieces: Iterable[Piece], validators: Sequence[Validator], tally: Tally) -> Iterator[tuple[int, Outcome]]:
    """What becomes of each piece, in order, with its number of records. The last validator is left to the caller."""

    def counted() -> Iterator[Piece]:
        for piece in pieces:
            tally.records += piece.records
            tally.blank += piece.blank
            yield piece

    if len(validators) == 1:
        for piece in counted():
            yield piece.records, validators[0].take(piece)
        return
    free: SimpleQueue[Validator] = SimpleQueue()
    for validator in validators[:-1]:
        free.put(validator)

    def work(piece: Piece) -> Outcome:
        validator = free.get()
        try:
            return validator.take(piece)
        finally:
            free.put(validator)

    waiting: deque[tuple[int, Future[Outcome]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for piece in counted():
            waiting.append((piece.records, pool.submit(work, piece)))
            if len(waiting) > WORKERS:
                records, future = waiting.popleft()
                yield records, future.result()
        while waiting:
            records, future = waiting.popleft()
            yield records, future.result()


def _check_stated(source: Source, counted: int) -> None:
    if source.stated_records is not None and source.stated_records != counted:
        raise refuse(
            "source.count",
            f"{source.name} 自称有 {source.stated_records:,} 条记录, 实际 {counted:,} 条",
            f"{source.name} says it holds {source.stated_records:,} records; {counted:,} were counted",
            where=Where(file=source.name),
            remedy=Text(zh="文件可能不完整, 请重新导出", en="It may not be whole: export it again"),
        )
