"""Canonical bytes, digests and signatures of grants and receipts. A site with other duties plugs in its own signer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Signer(Protocol):
    """Who signs. `algorithm` is written beside the signature (Ed25519 here; SM2 where GB/T 39786 asks for it)."""

    algorithm: str
    key_id: str

    def sign(self, content: bytes) -> bytes:
        """The signature over `content`."""


class Verifier(Protocol):
    """Who checks a signature."""

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Whether `signature` was made over exactly `content`."""


class Ed25519Signer:
    """Signs with a private Ed25519 key (RFC 8032)."""

    algorithm = "Ed25519"

    def __init__(self, key: Ed25519PrivateKey, key_id: str) -> None:
        self._key = key
        self.key_id = key_id

    @classmethod
    def generate(cls, key_id: str) -> Ed25519Signer:
        """A signer with a new key."""
        return cls(Ed25519PrivateKey.generate(), key_id)

    def sign(self, content: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._key.sign(content)

    def verifier(self) -> Ed25519Verifier:
        """The counterpart that holds the public key."""
        return Ed25519Verifier(self._key.public_key())


class Ed25519Verifier:
    """Checks signatures against a public Ed25519 key."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Whether the signature fits."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one byte form of a JSON document: sorted keys, no spaces, UTF-8, no NaN.

    >>> canonical({"b": 1, "a": "闽"}).decode()
    '{"a":"闽","b":1}'
    """
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()
