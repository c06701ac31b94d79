"""`load_contract`: a contract from a file, ours or of the Open Data Contract Standard."""

from __future__ import annotations

from pathlib import Path

from tulou.kernel.errors import Text, Where, refuse, wrong_use
from tulou.pool.core.contract.contract import Contract
from tulou.pool.core.contract.documents import Document, parse_document
from tulou.pool.core.contract.odcs import contract_from_odcs
from tulou.pool.core.contract.yaml_form import contract_from_yaml

MAX_BYTES = 64 * 2**20


def load_contract(path: Path, *, dataset: str | None = None) -> Contract:
    """The contract in a YAML or JSON file: one that `contract infer` drafted, or an ODCS 3 contract.

    `dataset` names the table where an ODCS contract has several. Raises WrongUse where there is no such file and
    Faulty (a Refused) with every fault, each with its line and what to do.
    """
    document = read_document(path)
    body = document.value
    if not isinstance(body, dict):
        raise refuse(
            "contract.empty",
            "文件里没有合同",
            "There is no contract in the file",
            where=Where(file=path.name),
            remedy=Text(
                zh="tulou pool contract infer FILE 会从数据文件起草合同",
                en="Draft one from a data file: tulou pool contract infer FILE",
            ),
        )
    if is_odcs(document):
        return contract_from_odcs(document, element=dataset)
    return contract_from_yaml(document)


def is_odcs(document: Document) -> bool:
    """Whether a document is a contract of the Open Data Contract Standard."""
    return isinstance(document.value, dict) and ("apiVersion" in document.value or "kind" in document.value)


def read_document(path: Path) -> Document:
    """The YAML or JSON in a file, with its lines. Raises WrongUse where there is none."""
    if not path.is_file():
        raise wrong_use("file.none", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path)))
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise refuse("yaml.large", "文件过大", "The file is too large for a contract", where=Where(file=path.name))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise refuse(
            "text.encoding",
            "合同文件应为 UTF-8",
            "A contract is written in UTF-8",
            where=Where(file=path.name, line=line),
            remedy=Text(zh="请另存为 UTF-8", en="Save it as UTF-8"),
        ) from error
    return parse_document(text, path.name)
