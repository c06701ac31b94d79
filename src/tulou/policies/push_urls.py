"""Addresses of news: what firms were told, why, how people hear of it, and their secret feeds; under /policies/."""

from __future__ import annotations

from django.urls import path, register_converter

from tulou.policies.views import push


class TokenConverter:
    """`<token:…>`: what signs a link, or opens a feed."""

    regex = r"[A-Za-z0-9_:=.-]{20,200}"

    def to_python(self, value: str) -> str:
        """As it stands in the URL."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(TokenConverter, "token")

urlpatterns = [
    path("saved.json", push.saved, name="saved"),
    path("news/", push.news, name="news"),
    path("news/settings/", push.wishes, name="wishes"),
    path("news/settings/feed/", push.feed, name="wishes_feed"),
    path("news/settings/devices/", push.add_browser, name="device_add"),
    path("news/settings/devices/<id:key>/remove/", push.remove_browser, name="device_remove"),
    path("news/<id:key>/", push.why, name="news_why"),
    path("unsubscribe/<token:token>/", push.unsubscribe, name="unsubscribe"),
    path("follow/<token:token>/atom.xml", push.atom, name="follow_atom"),
    path("follow/<token:token>/deadlines.ics", push.calendar, name="follow_calendar"),
]
