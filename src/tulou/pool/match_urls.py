"""Addresses of the clerical review."""

from __future__ import annotations

from django.urls import path

from tulou.pool.views import matches

urlpatterns = [
    path("matches/", matches.matches, name="matches"),
    path("matches/<id:key>/", matches.match, name="match"),
]
