"""The key with which the house signs consents: one file outside the database, made on first use."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tulou.pool.core.consent import Ed25519Signer

KEY = "consent.key"


def consent_signer(folder: Path) -> Ed25519Signer:
    """The signer whose private key lies in `folder` (readable by its owner only); its id tells keys apart."""
    path = folder / KEY
    if not path.exists():
        _make_key(path)
    private = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    return Ed25519Signer(private, hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16])


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    secret = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret)
        os.fsync(file.fileno())
    # A link fails where another process was first: its key stands, whole.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
