"""What the house measures of itself, in the text form that Prometheus reads."""

from __future__ import annotations

import os

from django.db.models import Count
from django_tasks_db.models import DBTaskResult
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from tulou.platform.audit.models import AuditHead
from tulou.platform.outbox.models import Message

KIND = CONTENT_TYPE_LATEST
requests_seconds = Histogram(
    "tulou_request_seconds",
    "Seconds that answers took, by method, URL pattern and status.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def render_metrics() -> bytes:
    """Everything that is measured: this process's (or, under many workers, all processes') requests and the queues."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(requests_seconds)
    tasks = Gauge("tulou_tasks", "Tasks by state.", ["state"], registry=registry)
    for state, count in DBTaskResult.objects.values_list("status").annotate(count=Count("pk")).order_by():
        tasks.labels(state.lower()).set(count)
    messages = Gauge(
        "tulou_messages", "Messages of the outbox by channel and state.", ["channel", "state"], registry=registry
    )
    rows = Message.objects.values_list("channel", "state").annotate(count=Count("pk")).order_by()
    for channel, state, count in rows:
        messages.labels(channel, state).set(count)
    head = AuditHead.objects.filter(id=1).first()
    Gauge("tulou_audit_events", "Events in the audit log.", registry=registry).set(head.seq if head else 0)
    return generate_latest(registry)
