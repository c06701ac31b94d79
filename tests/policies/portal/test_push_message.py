"""Web Push messages, against the example of RFC 8291 and the rules of RFC 8292."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from tulou.policies.services import webpush
from tulou.policies.services.webpush import b64, encrypt, point, public_bytes, signature, unb64

PLAIN = b"When I grow up, I want to be a watermelon"
OWN, SALT = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "DGv6ra1nlYgDCS1FRnbzlw"
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7"
    "A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
"""RFC 8291, section 5."""


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text), "big"), ec.SECP256R1())


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, secret: bytes) -> bytes:
    """What the browser does with a message of one record."""
    salt, size, ours = body[:16], body[20], body[21 : 21 + body[20]]
    assert (int.from_bytes(body[16:20], "big"), size) == (4_096, 65)

    def derived(material: bytes, start: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, start, info).derive(material)

    shared = key.exchange(ec.ECDH(), point(ours))
    base = derived(shared, secret, b"WebPush: info\0" + public_bytes(key.public_key()) + ours, 32)
    cek = derived(base, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derived(base, salt, b"Content-Encoding: nonce\0", 12)
    padded = AESGCM(cek).decrypt(nonce, body[86:], None)
    assert padded[-1] == 2
    return padded[:-1]


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    """Keys, salt and text of section 5 give its body."""
    found = encrypt(PLAIN, unb64(BROWSER), unb64(SECRET), own=private(OWN), salt=unb64(SALT))
    assert b64(found) == BODY


@given(text=st.binary(max_size=500), secret=st.binary(min_size=16, max_size=16))
def test_a_browser_reads_what_was_sent_and_every_message_differs(text: bytes, secret: bytes) -> None:
    """Fresh keys and salt each time; decryption gives the text back."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = public_bytes(key.public_key())
    one, two = encrypt(text, public, secret), encrypt(text, public, secret)
    assert one != two
    assert decrypt(one, key, secret) == decrypt(two, key, secret) == text


def test_what_does_not_fit_or_is_no_key_is_refused() -> None:
    """One record holds 3,993 bytes; a point off the curve is no key."""
    public = unb64(BROWSER)
    assert len(encrypt(b"x" * 3_993, public, b"0" * 16)) == 4_096
    with pytest.raises(ValueError, match="too long"):
        encrypt(b"x" * 3_994, public, b"0" * 16)
    with pytest.raises(ValueError, match=r"[Ii]nvalid|curve"):
        encrypt(b"x", b"\x04" + b"\x01" * 64, b"0" * 16)


def test_the_signature_names_the_push_service_the_sender_and_an_end() -> None:
    """A JWT for the endpoint's origin, good for half a day, that our public key verifies and no other message does."""
    key = ec.generate_private_key(ec.SECP256R1())
    header = signature("https://push.example.com:8443/send/abc?x=1", key, "mailto:tulou@example.com", 1_000)
    token, _, public = header.removeprefix("vapid t=").partition(", k=")
    head, claims, signed = token.split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    expected: dict[str, Any] = {
        "aud": "https://push.example.com:8443",
        "exp": 44_200,
        "sub": "mailto:tulou@example.com",
    }
    assert json.loads(unb64(claims)) == expected
    raw = unb64(signed)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point(unb64(public)).verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        point(unb64(public)).verify(der, f"{head}.{claims}x".encode(), ec.ECDSA(hashes.SHA256()))


def test_the_house_keeps_one_key(tmp_path: Path) -> None:
    """Made once, readable by nobody else, the same ever after."""
    path = tmp_path / "keys" / "push.key"
    first = webpush._key(path)
    webpush._key.cache_clear()
    assert webpush._key(path).private_numbers() == first.private_numbers()
    assert path.stat().st_mode & 0o077 == 0
