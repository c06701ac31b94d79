"""Addresses of a firm's policies and applications, and of the department's desk for them, under /policies/."""

from __future__ import annotations

from django.urls import path

from tulou.policies.views import applications, desk, firm

urlpatterns = [
    path("mine/", firm.mine, name="firm"),
    path("mine/calendar/", firm.calendar, name="firm_calendar"),
    path("mine/calendar.ics", firm.calendar_file, name="firm_calendar_file"),
    path("mine/answers/", firm.answers, name="firm_answers"),
    path("mine/answers/give/", firm.answer, name="firm_answer"),
    path("mine/answers/<id:key>/retract/", firm.retract, name="firm_retract"),
    path("mine/<id:key>/", firm.one, name="firm_one"),
    path("mine/<id:key>/mark/", firm.mark, name="firm_mark"),
    path("mine/<id:key>/seen/", firm.seen, name="firm_seen"),
    path("mine/<id:key>/apply/", applications.begin, name="firm_apply"),
    path("mine/<id:key>/confirm/", applications.confirm, name="firm_confirm"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<id:key>/", applications.application, name="application"),
    path("applications/<id:key>/edit/", applications.edit, name="application_edit"),
    path("applications/<id:key>/withdraw/", applications.withdraw, name="application_withdraw"),
    path("applications/<id:key>/decide/", desk.decide, name="application_decide"),
    path("applications/<id:key>/materials/", applications.add, name="material_add"),
    path("materials/<id:key>/", applications.material, name="material"),
    path("materials/<id:key>/remove/", applications.remove, name="material_remove"),
    path("grants/", desk.grants, name="grants"),
    path("grants/<id:key>/", desk.grant, name="grant"),
    path("grants/<id:key>/find/", desk.find, name="grant_find"),
    path("grants/<id:key>/pay/", desk.pay, name="grant_pay"),
]
