"""The one way out: every request that the portal makes to an address that somebody gave us goes through here.

Refused are: other schemes than https, user names in the address, ports other than 443 (unless the host is on the
operator's list), names of this machine, and every address that is not a public one. The address that was checked is the
one that is connected to, so a name that changes its address between check and use gains nothing. No redirects.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

LIMIT = 64 * 1024
NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
LOCAL = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home", ".corp", ".arpa", ".test", ".invalid")
_manager = Manager(
    Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(3, 10),
        user_agent_override="Tulou",
    )
)


class OutboundRefused(Exception):  # noqa: N818 - reads as the outcome that it is
    """The address may not be reached; the text is a stable dotted code."""


def check_address(url: str) -> str:
    """The host of `url`, where it may be reached at all. Raises OutboundRefused with the reason's code.

    >>> check_address("https://hooks.example.com/tulou")
    'hooks.example.com'
    """
    if any(ord(letter) <= 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        raise OutboundRefused("outbound.address_malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundRefused("outbound.address_malformed") from error
    if parts.scheme != "https":
        raise OutboundRefused("outbound.not_https")
    if parts.username is not None or parts.password is not None:
        raise OutboundRefused("outbound.user_in_address")
    host = (parts.hostname or "").rstrip(".").lower()
    if _literal(host) or not NAME.fullmatch(host) or host.endswith(LOCAL):
        raise OutboundRefused("outbound.host_not_public")
    allowed = settings.WEBHOOK_HOSTS
    if allowed and not any(host == name or host.endswith(f".{name}") for name in allowed):
        raise OutboundRefused("outbound.host_not_allowed")
    if port not in {None, 443} and host not in allowed:
        raise OutboundRefused("outbound.port")
    return host


def send(method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
    """Make one request and answer its status. Raises OutboundRefused, or ConnectionError where the net failed."""
    check_address(url)
    try:
        with _manager.get_session() as session:
            session.trust_env = False
            answer = session.request(method, url, data=body, headers=dict(headers or {}), stream=True)
            answer.raw.read(LIMIT)
            return int(answer.status_code)
    except InvalidIPAddress as error:
        raise OutboundRefused("outbound.host_not_public") from error
    except requests.RequestException as error:
        raise ConnectionError(type(error).__name__) from error


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
