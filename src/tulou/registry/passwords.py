"""Password hashing behind a bulkhead: however many sign in at once, pages are still served.

One hash costs as much CPU as a hundred pages. So each process computes one at a time and lets two more wait; whoever
comes then is told to come back, within milliseconds, instead of blocking a thread that serves pages.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from tulou.kernel.errors import Text, refuse

WAITING = 2
_places = threading.BoundedSemaphore(1 + WAITING)
_turn = threading.Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for the turn, or raise Refused (`password.busy`, an answer 503 with Retry-After) where the queue is full."""
    if not _places.acquire(blocking=False):
        raise refuse(
            "password.busy",
            "密码登录的人较多，请稍候再试，或使用通行密钥、邮箱验证码登录",
            "Many people are signing in with a password just now",
            remedy=Text(
                zh="请几秒后重试；通行密钥和邮箱验证码不受影响",
                en="Try again in a few seconds, or use a passkey or a code by e-mail, which are not affected",
            ),
        )
    try:
        with _turn:
            yield
    finally:
        _places.release()


class HouseArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with OWASP's minimum (t=2, 19 MiB, p=1): 10 times cheaper than Django's own setting."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash, in turn."""
        with one_at_a_time():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Check, in turn."""
        with one_at_a_time():
            return super().verify(password, encoded)
