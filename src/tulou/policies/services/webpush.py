"""Web Push without a library: a message for one browser (RFC 8291), signed as ours (RFC 8292).

Only the browser can read it; the push service between us sees how long it is. `encrypt` is pure, and tested with the
RFC's own example.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tulou.platform import clock

RECORD = 4_096
LIFE = 24 * 3_600
"""Seconds for which a push service keeps a message for a browser that is off, and for which our signature is good."""


def b64(data: bytes) -> str:
    """Base64 for URLs, without padding.

    >>> b64(bytes([251, 255]))
    '-_8'
    """
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """What `b64` wrote. Raises ValueError for anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point, 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def point(data: bytes) -> ec.EllipticCurvePublicKey:
    """The key that 65 bytes mean. Raises ValueError for what is no point of the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)


def encrypt(
    text: bytes,
    browser: bytes,
    secret: bytes,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a push message: `text` (at most 3,993 bytes) for the browser with this key and shared secret.

    `own` and `salt` are fresh for every message; tests give them. Raises ValueError for a key that is none.
    """
    if len(text) > RECORD - 103:
        raise ValueError("too long for one record")
    own, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    theirs, ours = point(browser), public_bytes(own.public_key())
    shared = own.exchange(ec.ECDH(), theirs)
    secret_key = _derived(shared, secret, b"WebPush: info\0" + browser + ours, 32)
    key = _derived(secret_key, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret_key, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def signature(endpoint: str, key: ec.EllipticCurvePrivateKey, subject: str, now: int) -> str:
    """The Authorization header that says who sends (VAPID): a token for the push service of `endpoint`."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now + LIFE // 2, "sub": subject}
    token = ".".join(
        b64(json.dumps(each, separators=(",", ":")).encode()) for each in ({"typ": "JWT", "alg": "ES256"}, claims)
    )
    r, s = decode_dss_signature(key.sign(token.encode(), ec.ECDSA(hashes.SHA256())))
    signed = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={token}.{signed}, k={b64(public_bytes(key.public_key()))}"


def headers(endpoint: str, *, topic: str = "") -> Mapping[str, str]:
    """What goes with a message. A later message with the same topic takes the place of one that still waits."""
    now = clock.microseconds(clock.now()) // 1_000_000
    found = {
        "Authorization": signature(endpoint, house_key(), f"mailto:{settings.DEFAULT_FROM_EMAIL}", now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(LIFE),
        "Urgency": "normal",
    }
    return found | ({"Topic": topic} if topic else {})


def house_key() -> ec.EllipticCurvePrivateKey:
    """The house's own key, made once beside the key of the audit log; browsers are bound to it."""
    return _key(Path(settings.CHECKPOINTS) / "push.key")


def house_public_key() -> str:
    """What a browser needs to subscribe."""
    return b64(public_bytes(house_key().public_key()))


@lru_cache(maxsize=4)
def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        text = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_bytes(text)
        try:
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise TypeError(path.name)
    return found
