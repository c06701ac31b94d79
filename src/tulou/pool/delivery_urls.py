"""Addresses of deliveries."""

from __future__ import annotations

from django.urls import path

from tulou.pool.views import deliveries, rejects

urlpatterns = [
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/new/", deliveries.upload, name="delivery_new"),
    path("deliveries/<id:key>/", deliveries.delivery, name="delivery"),
    path("deliveries/<id:key>/retry/", deliveries.retry, name="delivery_retry"),
    path("deliveries/<id:key>/rejects/", rejects.rejects, name="delivery_rejects"),
    path("deliveries/<id:key>/correct/", rejects.correct, name="delivery_correct"),
    path("deliveries/<id:key>/roll-back/", rejects.roll_back, name="delivery_roll_back"),
    path("deliveries/<id:key>/rejects.csv", rejects.export, name="delivery_rejects_file"),
]
