"""Pages of the registry: claiming a firm, who acts for an organisation, its keys."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Refused
from tulou.platform.attachments.services import download
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry import claims, government, services
from tulou.registry import webhooks as hooks
from tulou.registry.forms import CodeForm, DecisionForm, DelegateForm, FirmForm, TokenForm, WebhookForm
from tulou.registry.models import Claim, Membership, Organisation, Person, Token
from tulou.registry.queries import organisation_by_code, organisation_for
from tulou.registry.roles import HEADS, Kind, Role

STATES = {
    "open": gettext_lazy("Waiting for proof"),
    "accepted": gettext_lazy("Accepted"),
    "refused": gettext_lazy("Not accepted"),
    "withdrawn": gettext_lazy("Withdrawn"),
}
TONES = {"open": "yellow", "accepted": "green", "refused": "red", "withdrawn": "earth"}
CLAIMS = ListPage(
    columns=[
        Column(
            "firm",
            gettext_lazy("Firm"),
            lambda row: row.organisation.name,
            link=lambda row: reverse("registry:claim", args=[row.public_id]),
        ),
        Column("person", gettext_lazy("Person"), lambda row: row.person.name),
        Column("proof", gettext_lazy("Proof"), lambda row: row.get_proof_display()),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: STATES[row.state],
            "state",
            "badge",
            None,
            lambda row: TONES[row.state],
        ),
        Column("at", gettext_lazy("Opened"), lambda row: row.created_at, "created_at", "moment"),
    ],
    filters=[Filter("state", gettext_lazy("State"), "state", list(STATES.items()))],
    search=["organisation__name_zh", "organisation__name_en", "person__name"],
    default_sort="-at",
    file_name="claims",
    empty_title=gettext_lazy("No claims"),
    empty_text=gettext_lazy("Who claims to speak for a firm stands here until it is shown."),
)


def claims_for(request: HouseRequest) -> QuerySet[Claim]:
    """One's own claims; for the operator's staff all of them."""
    found = Claim.objects.select_related("organisation", "person", "document")
    if request.actor.has_any(claims.REVIEWERS):
        return found
    return found.filter(person__public_id=request.actor.person_id)


@page()
def claim_list(request: HouseRequest) -> HttpResponseBase:
    """Claims, with their state."""
    return CLAIMS.answer(
        request, claims_for(request), "registry/claims.html", {"reviews": request.actor.has_any(claims.REVIEWERS)}
    )


@page(methods=["GET", "POST"])
def claim_new(request: HouseRequest) -> HttpResponseBase:
    """Claim a firm."""
    form = FirmForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        firm = organisation_by_code(Kind.ENTERPRISE, form.cleaned_data["code"])
        if firm is None:
            form.add_error("code", _("No firm on the register has this code."))
        else:
            try:
                if form.cleaned_data["proof"] == "oidc":
                    return _claim_by_identity(request, firm, form)
                if form.cleaned_data["proof"] == "code":
                    made = claims.claim_by_code(request.actor, firm)
                else:
                    made = claims.claim_by_document(request.actor, firm, form.cleaned_data["licence"])
            except Refused as refused:
                form.add_error(None, said(refused))
            else:
                return redirect("registry:claim", key=made.public_id)
    return render(request, "registry/claim_new.html", {"form": form})


def _claim_by_identity(request: HouseRequest, firm: Organisation, form: FirmForm) -> HttpResponseBase:
    """Ask the government's identity provider; come back with what it says."""
    person = Person.objects.get(public_id=request.actor.person_id)
    named = government.claim_one_firm(request.actor, person, firm)
    if named is None:
        query = urlencode({"process": "connect", "next": reverse("registry:claim_new")})
        return redirect(f"{reverse('openid_connect_login', args=[government.PROVIDER])}?{query}")
    if named:
        messages.success(request, _("The firm is yours to act for."))
        return redirect("workspace")
    form.add_error("code", _("The identity provider does not name you for this firm: claim it in another way."))
    return render(request, "registry/claim_new.html", {"form": form})


@page(methods=["GET", "POST"])
def claim(request: HouseRequest, key: str) -> HttpResponseBase:
    """One claim: enter the code, or wait; for the operator: decide."""
    found = claims_for(request).filter(public_id=key).first()
    if found is None:
        raise Http404
    mine = found.person.public_id == request.actor.person_id
    form = CodeForm(request.POST or None) if mine else DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if mine:
            if claims.answer_code(request.actor, found, form.cleaned_data["code"]):
                messages.success(request, _("The firm is yours to act for."))
                return redirect("workspace")
            form.add_error("code", _("This is not the code."))
        else:
            accept = request.POST.get("decision") == "accept"
            claims.decide_claim(request.actor, found, accept=accept, reason=form.cleaned_data["reason"])
            messages.success(request, _("Decided, and the person was told."))
            return redirect("registry:claims")
    found.refresh_from_db()
    context = {"claim": found, "form": form, "mine": mine, "state": STATES[found.state], "tone": TONES[found.state]}
    return render(request, "registry/claim.html", context)


@page(Role.OPERATOR_STAFF)
def licence(request: HouseRequest, key: str) -> HttpResponseBase:
    """The licence that came with a claim."""
    found = claims_for(request).filter(public_id=key, document__isnull=False).first()
    if found is None or found.document is None:
        raise Http404
    return download(found.document)


@page(methods=["GET", "POST"])
def members(request: HouseRequest) -> HttpResponseBase:
    """Who acts for the organisation; its head lets others act, until a day."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    kind = Kind(organisation.kind)
    form = DelegateForm(kind, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.delegate(
                request.actor,
                form.cleaned_data["email"],
                organisation,
                role=Role(form.cleaned_data["role"]),
                valid_to=form.until(),
            )
        except Refused as refused:
            form.add_error("email" if "person" in refused.finding.code else None, said(refused))
        else:
            messages.success(request, _("From now on the person acts for you, until that day or until you end it."))
            return redirect("registry:members")
    rows = Membership.objects.filter(organisation=organisation, ended_at=None).select_related("person").order_by("id")
    is_head = request.actor.has_any(frozenset(role.value for role in HEADS[kind]))
    return render(request, "registry/members.html", {"rows": rows, "form": form, "is_head": is_head})


@page(methods=["POST"])
def member_end(request: HouseRequest, key: str) -> HttpResponseBase:
    """End somebody's role, at once."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    found = Membership.objects.filter(public_id=key, organisation=organisation, ended_at=None).first()
    if found is None:
        raise Http404
    services.end_membership(request.actor, found)
    messages.success(request, _("Ended."))
    return redirect("registry:members")


@page(methods=["GET", "POST"])
def tokens(request: HouseRequest) -> HttpResponseBase:
    """The keys of the organisation's own systems. A secret is shown once, when it is made."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _made, secret = services.make_token(request.actor, organisation, **form.cleaned_data)
        form = TokenForm()
    rows = Token.objects.filter(organisation=organisation, ended_at=None)
    is_head = request.actor.has_any(frozenset(role.value for role in HEADS[Kind(organisation.kind)]))
    return render(request, "registry/tokens.html", {"rows": rows, "form": form, "secret": secret, "is_head": is_head})


HEAD_ROLES = tuple(role for roles in HEADS.values() for role in roles)


@page(*HEAD_ROLES, methods=["GET", "POST"])
def webhooks(request: HouseRequest) -> HttpResponseBase:
    """Where the organisation's own systems hear of things, and what was sent to them."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    form, secret = WebhookForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _made, secret = hooks.make_webhook(request.actor, organisation, **form.cleaned_data)
            form = WebhookForm()
        except Refused as refused:
            form.add_error("url", said(refused))
    rows = [
        {"hook": hook, "kinds": [hooks.KINDS[code] for code in hook.codes if code in hooks.KINDS]}
        for hook in hooks.webhooks_of(organisation)
    ]
    sent = hooks.last_messages(organisation)[:20]
    return render(request, "registry/webhooks.html", {"rows": rows, "form": form, "secret": secret, "sent": sent})


@page(*HEAD_ROLES, methods=["POST"])
def webhook_step(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """Pause a webhook, let it hear again, or try it."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    found = hooks.webhooks_of(organisation).filter(public_id=key).first()
    if found is None or step not in {"pause", "resume", "try"}:
        raise Http404
    if step == "try":
        hooks.try_webhook(request.actor, organisation, found)
        messages.success(request, _("A notice is on its way; reload the page to see whether it arrived."))
    else:
        hooks.pause_webhook(request.actor, organisation, found, active=step == "resume")
        messages.success(request, _("Done. It holds from this moment on."))
    return redirect("registry:webhooks")


@page(methods=["POST"])
def token_end(request: HouseRequest, key: str) -> HttpResponseBase:
    """Make a key worthless."""
    organisation = organisation_for(request.actor, request.actor.organisation_id)
    found = Token.objects.filter(public_id=key, organisation=organisation).first()
    if found is None:
        raise Http404
    services.end_token(request.actor, found)
    return redirect("registry:tokens")


def said(refused: Refused) -> str:
    """A refusal's sentence, in the reader's language."""
    from django.utils.translation import get_language

    return refused.finding.text.render("zh" if (get_language() or "zh").startswith("zh") else "en")
