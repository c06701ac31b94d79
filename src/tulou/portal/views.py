"""The portal's own pages: home, workspace, inbox, search, the component page, and what the operator watches."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.contrib.auth import login
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from tulou import __version__
from tulou.platform.actor import Actor
from tulou.platform.audit.models import AuditEvent
from tulou.platform.outbox.models import InboxItem
from tulou.platform.outbox.services import mark_read
from tulou.platform.pages.lists import Column, Filter, ListPage, page_of
from tulou.platform.pages.menu import entries_for
from tulou.platform.search.queries import search
from tulou.platform.story import story
from tulou.platform.tasks.services import retry_task
from tulou.platform.web.access import page
from tulou.platform.web.metrics import KIND, render_metrics
from tulou.platform.web.middleware import tongue
from tulou.platform.web.request import HouseRequest
from tulou.portal import showcase
from tulou.portal.home import ROOMS, facts
from tulou.registry.middleware import ACTING_FOR
from tulou.registry.models import Person
from tulou.registry.roles import Role
from tulou.registry.services import set_language

YEAR = 365 * 86_400


@page(public=True)
def home(request: HouseRequest) -> HttpResponseBase:
    """In ten seconds: what this is, and where to go."""
    return render(request, "portal/home.html", {"rooms": ROOMS, "facts": facts()})


@page()
def workspace(request: HouseRequest) -> HttpResponseBase:
    """What the person can do, for whom she acts now, and what waits for her."""
    places = [entry for entry in entries_for(request.actor) if entry.text]
    waiting = InboxItem.objects.filter(person__public_id=request.actor.person_id, read_at=None)[:5]
    return render(request, "portal/workspace.html", {"places": places, "waiting": waiting})


@page(methods=["POST"], weak=True)
def choose_organisation(request: HouseRequest) -> HttpResponseBase:
    """Act for another of one's organisations from now on."""
    wished = request.POST.get("organisation", "")
    if wished not in {membership.organisation.public_id for membership in request.memberships}:
        raise Http404
    request.session[ACTING_FOR] = wished
    request.session.cycle_key()
    with story(request.actor) as told:
        told.record("registry.person.acts_for", None, organisation=wished)
    return redirect("workspace")


@page(weak=True)
def strengthen(request: HouseRequest) -> HttpResponseBase:
    """For staff who signed in with one factor: how to add the second, here and now."""
    return render(request, "portal/strengthen.html")


@page()
def inbox(request: HouseRequest) -> HttpResponseBase:
    """What the house told the person, newest first."""
    found = InboxItem.objects.filter(person__public_id=request.actor.person_id)
    return render(request, "portal/inbox.html", {"page": page_of(found, request)})


@page(methods=["POST"])
def inbox_item(request: HouseRequest, key: str) -> HttpResponseBase:
    """Open an entry: it counts as read, and its link is followed."""
    found = get_object_or_404(InboxItem, public_id=key, person__public_id=request.actor.person_id)
    mark_read(found)
    return HttpResponseRedirect(found.link if found.link.startswith("/") else reverse("inbox"))


@page(public=True)
def search_page(request: HouseRequest) -> HttpResponseBase:
    """Find products, policies, postings and pages."""
    question = request.GET.get("q", "").strip()[:200]
    audiences = [request.actor.organisation_kind] if request.actor.signed_in else []
    hits = search(question, audiences=audiences, limit=50) if question else []
    template = "portal/search.html#list" if request.htmx else "portal/search.html"
    return render(request, template, {"question": question, "hits": hits})


@page(public=True, methods=["POST"])
def choose_language(request: HouseRequest) -> HttpResponseBase:
    """Read in another language from now on."""
    language, target = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    answer = HttpResponseRedirect(target)
    if check_for_language(language) and language in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        if isinstance(request.user, Person):
            set_language(request.user, language)
    return answer


@page(methods=["POST"], weak=True)
def stay(request: HouseRequest) -> HttpResponseBase:
    """A sign of life: the session goes on. What the page asks for shortly before it would end."""
    return HttpResponse(status=204)


@page(public=True, methods=["GET", "POST"])
def design(request: HouseRequest) -> HttpResponseBase:
    """Every component of the design system, in every state."""
    form = showcase.ShowcaseForm(request.POST or None, prefix="show")
    return render(request, "portal/design.html", {"form": form, **showcase.pieces()})


@page(public=True)
def offline(request: HouseRequest) -> HttpResponseBase:
    """What the browser shows when there is no net."""
    return render(request, "portal/offline.html")


@page(public=True)
def service_worker(request: HouseRequest) -> HttpResponseBase:
    """The script that keeps the house usable without a net; it must come from the root to serve the whole house."""
    shell = [
        reverse("offline"),
        *(static(f"portal/{name}") for name in ("theme.css", "theme-early.js", "house.js", "offline.js", "logo.svg")),
        static("vendor/tabler.min.css"),
        static("portal/favicon.svg"),
    ]
    context = {
        "version": hashlib.sha256(" ".join([__version__, *shell]).encode()).hexdigest()[:12],
        "shell": shell,
        "offline": reverse("offline"),
        "sign_out": reverse("account_logout"),
        "static_url": settings.STATIC_URL,
        "icon": static("portal/icon-192.png"),
        "policies": reverse("policies:home"),
        "mine": reverse("policies:firm"),
        "list": reverse("policies:saved"),
    }
    answer = render(request, "portal/sw.js", context, content_type="text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@page(public=True)
def manifest(_request: HouseRequest) -> HttpResponseBase:
    """What makes the portal an app that can be installed (Web App Manifest)."""
    icons = (("icon-192", "192x192", "any"), ("icon-512", "512x512", "any"), ("icon-mask-512", "512x512", "maskable"))
    body = {
        "id": "/",
        "name": _("Tulou: one house for small firms"),
        "short_name": _("Tulou"),
        "lang": "zh-Hans" if tongue() == "zh" else "en",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbf6ec",
        "theme_color": "#2e251f",
        "icons": [
            {"src": static(f"portal/{name}.png"), "sizes": size, "type": "image/png", "purpose": purpose}
            for name, size, purpose in icons
        ],
    }
    answer = JsonResponse(body, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


@page(public=True)
def healthz(request: HouseRequest) -> HttpResponseBase:
    """Whether this process serves and its database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})


@page(public=True)
def metrics(request: HouseRequest) -> HttpResponseBase:
    """What the house measures of itself: for the machine that holds TULOU_METRICS_TOKEN, or on this machine."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    local = request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    allowed = hmac.compare_digest(given, settings.METRICS_TOKEN) if settings.METRICS_TOKEN else local
    if not allowed:
        raise Http404
    return HttpResponse(render_metrics(), content_type=KIND)


TONES = {"READY": "azure", "RUNNING": "yellow", "FAILED": "red", "SUCCESSFUL": "green"}
STATES = {"READY": _("Ready"), "RUNNING": _("Running"), "FAILED": _("Failed"), "SUCCESSFUL": _("Done")}
TASKS = ListPage(
    columns=[
        Column("task", _("Task"), lambda t: t.task_path.removeprefix("tulou."), sort="task_path"),
        Column("state", _("State"), lambda t: STATES[t.status], kind="badge", tone=lambda t: TONES[t.status]),
        Column("enqueued", _("Enqueued"), lambda t: t.enqueued_at, sort="enqueued_at", kind="moment"),
        Column("attempts", _("Attempts"), lambda t: t.lease.attempts if hasattr(t, "lease") else 0, kind="number"),
        Column(
            "next",
            _("Next run"),
            lambda t: t.run_after if t.status == "READY" and t.run_after.year < 9999 else None,
            kind="moment",
        ),
        Column("failure", _("Last failure"), lambda t: t.lease.failure if hasattr(t, "lease") else ""),
        Column("retry", _("Again"), lambda t: str(t.pk) if t.status == "FAILED" else "", kind="retry"),
    ],
    filters=[
        Filter("state", _("State"), "status", list(STATES.items())),
    ],
    search=["task_path"],
    default_sort="-enqueued",
    file_name="tasks",
    empty_title=_("No tasks"),
    empty_text=_("Nothing was handed to the worker yet."),
)


@page(Role.OPERATOR_STAFF, Role.OPERATOR_SYSTEM)
def tasks_page(request: HouseRequest) -> HttpResponseBase:
    """The queue, its failures and its schedule."""
    from tulou.platform.tasks.models import Schedule

    rows = DBTaskResult.objects.select_related("lease").defer("args_kwargs", "traceback")
    return TASKS.answer(request, rows, "portal/tasks.html", {"schedules": Schedule.objects.all()})


@page(Role.OPERATOR_SYSTEM, methods=["POST"])
def retry(request: HouseRequest, key: str) -> HttpResponseBase:
    """Give a failed task its attempts again."""
    task = get_object_or_404(DBTaskResult, pk=key)
    with story(request.actor) as told:
        if retry_task(task):
            told.record("platform.task.retried", None, task=task.task_path)
    return redirect("tasks")


AUDIT = ListPage(
    columns=[
        Column("seq", _("No."), lambda e: e.seq, sort="seq", kind="number"),
        Column("at", _("When"), lambda e: e.at, kind="moment"),
        Column("action", _("Action"), lambda e: e.action, sort="action"),
        Column("person", _("Person"), lambda e: e.person, kind="long"),
        Column("organisation", _("Organisation"), lambda e: e.organisation, kind="long"),
        Column("subject", _("Subject"), lambda e: f"{e.subject_type} {e.subject}".strip(), kind="long"),
        Column("detail", _("Detail"), lambda e: e.detail if e.detail != "{}" else "", kind="long"),
    ],
    search=["action", "person", "organisation", "subject"],
    default_sort="-seq",
    file_name="audit",
    empty_title=_("No events"),
    empty_text=_("Nothing was recorded that fits."),
)


@page(Role.OPERATOR_AUDIT)
def audit_page(request: HouseRequest) -> HttpResponseBase:
    """Who did what, for the audit administrator."""
    return AUDIT.answer(request, AuditEvent.objects.all(), "portal/audit.html")


@page(public=True, methods=["POST"])
def enter_demo(request: HttpRequest, account: str) -> HttpResponseBase:
    """Sign in as one of the demo's people. This address exists in the demo only."""
    from tulou.portal.demo import demo_person

    person = demo_person(account)
    if person is None:
        raise Http404
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session["demo_strong"] = True
    actor = Actor(person_id=person.public_id, person_key=person.pk)
    with story(actor) as told:
        told.record("registry.person.signed_in", person, methods=["demo"])
    return redirect("workspace")
