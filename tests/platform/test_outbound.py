"""No address that somebody gives us leads into the house."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tulou.platform.outbound import OutboundRefused, check_address, send


@pytest.fixture
def no_net(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a connection is opened to; none is opened."""
    reached: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        reached.append(address)
        raise OSError("no net in tests")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return reached


def test_every_address_of_the_list_is_refused(shared_data: Path, no_net: list[Any]) -> None:
    urls = (shared_data / "security" / "ssrf_urls.txt").read_text().split()
    assert len(urls) >= 14
    for url in urls:
        for wish in (url, url.replace("http://", "https://"), url.replace("http://", "https://").replace(":22345", "")):
            with pytest.raises(OutboundRefused):
                send("POST", wish, body=b"{}")
    assert no_net == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "outbound.not_https"),
        ("https://user:secret@example.com/", "outbound.user_in_address"),
        ("https://example.com:8443/", "outbound.port"),
        ("https://example.com:x/", "outbound.address_malformed"),
        ("https://exa mple.com/", "outbound.address_malformed"),
        ("https://example.com\\@127.0.0.1/", "outbound.address_malformed"),
        ("https://printer.local/", "outbound.host_not_public"),
        ("https://intranet/", "outbound.host_not_public"),
        ("https:///nothing", "outbound.host_not_public"),
    ],
)
def test_an_odd_address_is_refused_with_its_reason(url: str, code: str) -> None:
    with pytest.raises(OutboundRefused, match=code):
        check_address(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
def test_a_good_name_that_leads_to_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch, no_net: list[Any]
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(OutboundRefused, match="host_not_public"):
        send("POST", "https://hooks.example.com/", body=b"{}")
    assert no_net == []


@override_settings(WEBHOOK_HOSTS=("partner.example",))
def test_only_hosts_of_the_operators_list_are_reached_where_there_is_one() -> None:
    assert check_address("https://a.partner.example/") == "a.partner.example"
    assert check_address("https://partner.example:8443/") == "partner.example"
    with pytest.raises(OutboundRefused, match="host_not_allowed"):
        check_address("https://partner.example.evil.com/")
