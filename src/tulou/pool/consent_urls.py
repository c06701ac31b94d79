"""Addresses of the consent centre, of own data and of what bounds a consent."""

from __future__ import annotations

from django.urls import path

from tulou.pool.views import bounds, consents, disputes, own, readings, requests

urlpatterns = [
    path("own/", own.overview, name="own"),
    path("own/<slug:name>/", own.dataset, name="own_dataset"),
    path("own/items/<slug:item>/dispute/", own.dispute, name="dispute_new"),
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/<id:key>/", disputes.dispute, name="dispute"),
    path("consents/", consents.consents, name="consents"),
    path("consents/find/", requests.find, name="consent_find"),
    path("consents/ask/", requests.ask, name="consent_request"),
    path("consents/<id:key>/", consents.consent, name="consent"),
    path("consents/<id:key>/grant/", consents.grant, name="consent_grant"),
    path("consents/<id:key>/narrow/", consents.narrow, name="consent_narrow"),
    path("consents/<id:key>/receipt/", consents.receipt, name="consent_receipt"),
    path("consents/<id:key>/profile/", requests.profile, name="consent_profile"),
    path("consents/<id:key>/<slug:action>/", consents.act, name="consent_act"),
    path("readings/", readings.readings, name="readings"),
    path("readings/<id:key>/", readings.reading, name="reading"),
    path("purposes/", bounds.purposes, name="purposes"),
    path("purposes/<id:key>/", bounds.purpose, name="purpose"),
    path("rights/", bounds.rights, name="rights"),
    path("rights/<id:key>/close/", bounds.close, name="right_close"),
]
