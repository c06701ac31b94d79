"""Every address of the house. A room's `urls.py` is found by itself and stands under its own name."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, register_converter

from tulou.platform.records import PublicIdConverter
from tulou.portal import views
from tulou.registry import oidc

register_converter(PublicIdConverter, "id")

handler400 = "tulou.portal.errors.bad_request"
handler403 = "tulou.portal.errors.forbidden"
handler404 = "tulou.portal.errors.not_found"
handler500 = "tulou.portal.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("workspace/", views.workspace, name="workspace"),
    path("workspace/acting-for/", views.choose_organisation, name="acting_for"),
    path("workspace/stay/", views.stay, name="stay"),
    path("workspace/strengthen/", views.strengthen, name="strengthen"),
    path("search/", views.search_page, name="search"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/<id:key>/", views.inbox_item, name="inbox_item"),
    path("language/", views.choose_language, name="language"),
    path("design/", views.design, name="design"),
    path("offline/", views.offline, name="offline"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
    path("sw.js", views.service_worker, name="service_worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("operation/tasks/", views.tasks_page, name="tasks"),
    path("operation/tasks/<uuid:key>/retry/", views.retry, name="task_retry"),
    path("operation/audit/", views.audit_page, name="audit"),
    path("account/oidc/<slug:provider_id>/login/", oidc.login),
    path("account/oidc/<slug:provider_id>/login/callback/", oidc.callback),
    path("account/", include("allauth.urls")),
    path("api/", include("tulou.portal.api_urls")),
    *(
        path(f"{room}/", include(f"tulou.{room}.urls"))
        for room in settings.HOUSE
        if find_spec(f"tulou.{room}.urls") is not None
    ),
]
if settings.DEMO:
    urlpatterns.append(path("demo/enter/<slug:account>/", views.enter_demo, name="demo_enter"))
