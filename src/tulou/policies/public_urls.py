"""Addresses of the policies that everybody may open, under /policies/."""

from __future__ import annotations

from django.urls import path

from tulou.policies.views import feeds, public, selfcheck, widget

urlpatterns = [
    path("", public.home, name="home"),
    path("check/", selfcheck.check_all, name="selfcheck_all"),
    path("feed.json", feeds.json_feed, name="feed_json"),
    path("feed.atom", feeds.atom_feed, name="feed_atom"),
    path("deadlines.ics", feeds.deadlines, name="deadlines"),
    path("widget/", widget.widget, name="widget"),
    path("embed/", widget.embed, name="embed"),
    path("<id:key>/", public.show, name="show"),
    path("<id:key>/check/", selfcheck.check_one, name="selfcheck"),
    path("<id:key>/deadline.ics", feeds.deadline, name="deadline"),
    path("files/<id:key>/", public.download_file, name="public_file"),
]
