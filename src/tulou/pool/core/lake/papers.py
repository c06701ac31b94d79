"""The papers of a delivery: its receipt, its contract and its rejected records, beside the lake, before the commit."""

from __future__ import annotations

from pathlib import Path

from tulou.pool.core.contract import Contract
from tulou.pool.core.contract.codec import contract_from_json, contract_to_json
from tulou.pool.core.lake.durable import make_folder, sync_file, sync_folder, write_durably
from tulou.pool.core.lake.receipt import Receipt, StagedDelivery


class Papers:
    """Folders by delivery id. Those of a delivery that never was committed mean nothing and are replaced."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, delivery_id: str) -> Path:
        """Where the papers of a delivery lie."""
        return self._root / safe_name(delivery_id)

    def keep(self, staged: StagedDelivery, contract: Contract) -> None:
        """Keep receipt, contract and rejected records, durably; those of an earlier try under the id go."""
        folder = self.folder(staged.receipt.delivery_id)
        make_folder(folder)
        for name, path in (("rejects.parquet", staged.rejects), ("corrects.parquet", staged.corrects)):
            if path is None:
                (folder / name).unlink(missing_ok=True)
            else:
                sync_file(path)
                path.replace(folder / name)
        sync_folder(folder)
        write_durably(folder / "contract.json", contract_to_json(contract).encode())
        self.keep_receipt(staged.receipt)

    def keep_receipt(self, receipt: Receipt) -> None:
        """Keep the receipt alone, durably."""
        write_durably(self.folder(receipt.delivery_id) / "receipt.json", receipt.to_json().encode())

    def rejects(self, delivery_id: str) -> Path | None:
        """The rejected records of a delivery, or None where nothing was rejected."""
        return self._there(delivery_id, "rejects.parquet")

    def corrects(self, delivery_id: str) -> Path | None:
        """Which record of the first delivery each record of a replay corrects, or None for any other delivery."""
        return self._there(delivery_id, "corrects.parquet")

    def contract(self, delivery_id: str) -> Contract | None:
        """The contract under which a delivery was checked, or None where nothing of it was taken."""
        path = self._there(delivery_id, "contract.json")
        return None if path is None else contract_from_json(path.read_text())

    def full(self, brief: Receipt) -> Receipt:
        """The whole receipt of a brief one, where it is still there and speaks of the same content."""
        path = self._there(brief.delivery_id, "receipt.json")
        if path is not None:
            found = Receipt.from_json(path.read_text())
            if found.to_json(brief=True) == brief.to_json():
                return found
        return brief

    def _there(self, delivery_id: str, name: str) -> Path | None:
        path = self.folder(delivery_id) / name
        return path if path.exists() else None


def safe_name(identifier: str) -> str:
    """An identifier from outside as a file name: letters, digits, dot, dash and underscore stay, the rest is escaped.

    >>> safe_name("tax/2020:03"), safe_name("..")
    ('tax%2f2020%3a03', '%2e%2e')
    """
    if identifier.strip(".") == "":
        return "".join(f"%{ord(sign):02x}" for sign in identifier)
    return "".join(sign if sign.isalnum() or sign in "._-" else f"%{ord(sign):02x}" for sign in identifier)
