"""Everything that is wrong with a document at once, so that an officer mends it in one go."""

from __future__ import annotations

from collections.abc import Sequence

from tulou.kernel.errors import Finding, Refused, Text, Where


class Faulty(Refused):
    """A document with faults: `findings` holds each, with its sheet, row and column; `finding` sums them up."""

    def __init__(self, findings: Sequence[Finding], file: str) -> None:
        first = findings[0]
        super().__init__(
            Finding(
                "document.faults",
                Text(
                    zh=f"文件有 {len(findings)} 处错误, 未导入; 第一处: {first.text.zh}",
                    en=f"The file has {len(findings)} faults and was not taken; the first: {first.text.en}",
                ),
                first.where if first.where.file else Where(file=file),
                Text(zh="请逐条改正后重新导入", en="Correct each of them and import the file again"),
            )
        )
        self.findings = tuple(findings)


def raise_if_any(findings: Sequence[Finding], file: str) -> None:
    """Raise Faulty where there are findings that reject; warnings alone pass."""
    severe = [finding for finding in findings if finding.severity == "reject"]
    if severe:
        raise Faulty(severe, file)


def place(file: str, sheet: str) -> str:
    """A sheet of a file as an error names it.

    >>> place("目录.xlsx", "信息项")
    '目录.xlsx › 信息项'
    """
    return f"{file} › {sheet}" if sheet else file
