"""Addresses of the catalogue and of the quality board."""

from __future__ import annotations

from django.urls import path

from tulou.pool.views import catalogue, quality

urlpatterns = [
    path("catalogue/", catalogue.overview, name="catalogue"),
    path("catalogue/datasets/<slug:name>/", catalogue.dataset, name="catalogue_dataset"),
    path("catalogue/datasets/<slug:name>/<slug:form>/", catalogue.export, name="catalogue_export"),
    path("catalogue/items/<slug:code>/", catalogue.item, name="catalogue_item"),
    path("quality/", quality.board, name="quality"),
]
