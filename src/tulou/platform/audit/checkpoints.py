"""Signed checkpoints: 'the log was this long and ended in this hash', kept in a file outside the database.

A chain alone does not notice a tail that was cut, or rewritten with right hashes, or a whole older copy. A checkpoint
does, as long as whoever changed the database cannot sign: the private key is readable by the worker only, and the file
is to be shipped to another machine (docs/explanation/platform.md).
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY, PUBLIC_KEY, LOG = "audit.key", "audit.pub", "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The length and the end of the log at a moment; `previous` is the signature of the checkpoint before."""

    number: int
    seq: int
    hash: str
    at_us: int
    previous: str
    signature: str = ""

    def content(self) -> bytes:
        """The bytes that are signed."""
        return f"tulou-checkpoint\n{self.number}\n{self.seq}\n{self.hash}\n{self.at_us}\n{self.previous}".encode()


class CheckpointFile:
    """The folder with the key pair and the list of checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def log(self) -> Path:
        """The list: one JSON object a line, only ever appended to."""
        return self.folder / LOG

    def read(self) -> list[Checkpoint]:
        """The checkpoints, oldest first."""
        if not self.log.exists():
            return []
        return [Checkpoint(**json.loads(line)) for line in self.log.read_text().splitlines() if line]

    def append(self, *, seq: int, head: str, at_us: int) -> Checkpoint:
        """Sign a new checkpoint and write it to the disk before answering."""
        last = self.read()[-1:]
        drawn = Checkpoint(len(self.read()) + 1, seq, head, at_us, last[0].signature if last else "")
        signature = base64.b64encode(self._private().sign(drawn.content())).decode()
        signed = Checkpoint(drawn.number, drawn.seq, drawn.hash, drawn.at_us, drawn.previous, signature)
        with self.log.open("a") as file:
            file.write(json.dumps(asdict(signed)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return signed

    def forged(self, checkpoints: list[Checkpoint]) -> int | None:
        """The number of the first checkpoint with a wrong signature or place in the list; None where all are right."""
        public, previous = self._public(), ""
        for number, checkpoint in enumerate(checkpoints, 1):
            try:
                public.verify(base64.b64decode(checkpoint.signature), checkpoint.content())
            except InvalidSignature:
                return number
            if checkpoint.number != number or checkpoint.previous != previous:
                return number
            previous = checkpoint.signature
        return None

    def _private(self) -> Ed25519PrivateKey:
        path = self.folder / KEY
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            key = Ed25519PrivateKey.generate()
            (self.folder / PUBLIC_KEY).write_bytes(key.public_key().public_bytes_raw())
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(
                    key.private_bytes(
                        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
                    )
                )
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    def _public(self) -> Ed25519PublicKey:
        if not (self.folder / PUBLIC_KEY).exists():
            self._private()
        return Ed25519PublicKey.from_public_bytes((self.folder / PUBLIC_KEY).read_bytes())
