"""Addresses of the registry, under /registry/."""

from __future__ import annotations

from django.urls import path

from tulou.registry import views

app_name = "registry"
urlpatterns = [
    path("claims/", views.claim_list, name="claims"),
    path("claims/new/", views.claim_new, name="claim_new"),
    path("claims/<id:key>/", views.claim, name="claim"),
    path("claims/<id:key>/licence/", views.licence, name="licence"),
    path("members/", views.members, name="members"),
    path("members/<id:key>/end/", views.member_end, name="member_end"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<id:key>/end/", views.token_end, name="token_end"),
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<id:key>/<slug:step>/", views.webhook_step, name="webhook_step"),
]
