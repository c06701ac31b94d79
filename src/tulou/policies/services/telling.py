"""Telling firms what changed: events, inboxes, devices and webhooks, some thousand firms a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Q

from tulou.platform import clock
from tulou.platform.outbox.bulk import Wording, insert_rows, keys_of, put_into_inboxes, stored
from tulou.platform.outbox.models import Webhook
from tulou.platform.outbox.notice import Notice
from tulou.platform.outbox.services import put_notices
from tulou.platform.records import new_public_ids
from tulou.policies.models import Device, Errand, MatchEvent, PolicyVersion, Run, Wish
from tulou.policies.services.matching import Hold, Overtaken
from tulou.policies.services.planning import KINDS
from tulou.policies.services.wording import wording_of
from tulou.registry.models import Membership
from tulou.registry.roles import Role

CHUNK = 10_000
"""Firms that are told in one transaction."""

FIRM_ROLES = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE, Role.ENTERPRISE_CLERK)


@dataclass(frozen=True, slots=True)
class News:
    """What some firms are told alike."""

    version: PolicyVersion
    kind: str
    cause: str

    @property
    def code(self) -> str:
        """The notice's code."""
        return f"policies.match.{self.kind}"


def tell_run(hold: Hold, run: Run, plan: Mapping[str, npt.NDArray[np.int64]]) -> None:
    """Tell a run from where it stands to its end. Raises Overtaken where another worker holds the matching."""
    versions = PolicyVersion.objects.select_related("policy__department").in_bulk(
        np.unique(plan["version"]).tolist() if run.size else []
    )
    for start in range(run.told, run.size, CHUNK):
        end = min(start + CHUNK, run.size)
        with transaction.atomic():
            hold.check()
            if not Run.objects.filter(pk=run.pk, told=start).update(told=end):
                raise Overtaken
            for news, firms in _groups(run, plan, slice(start, end), versions):
                _tell(run, news, firms)
        run.told = end
    if run.size and Wish.objects.filter(email=Wish.Email.INSTANT).exists():
        from tulou.policies.tasks import send_digests

        send_digests.enqueue()


def _groups(
    run: Run, plan: Mapping[str, npt.NDArray[np.int64]], rows: slice, versions: Mapping[int, PolicyVersion]
) -> Iterator[tuple[News, list[int]]]:
    alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    columns = (plan[name][rows].tolist() for name in ("firm", "version", "kind", "cause"))
    for firm, version, kind, cause in zip(*columns, strict=True):
        alike[version, kind, cause].append(firm)
    for (version, kind, cause), firms in alike.items():
        yield News(versions[version], KINDS[kind], run.answers["causes"][cause]), firms


def _tell(run: Run, news: News, firms: Sequence[int]) -> None:
    """Write the events that are new, and lay each into the inboxes of the firm's people."""
    ids = _new_events(run, news, firms)
    if not ids:
        return
    wording = wording_of(news.version, news.kind, news.cause)
    receivers = [(person, ids[firm]) for firm, person in _people(list(ids), news.kind)]
    put_into_inboxes(news.code, wording, [(person, event, f"/policies/news/{event}/") for person, event in receivers])
    _send_to_devices(receivers)
    _send_to_webhooks(news, wording, ids)


def _new_events(run: Run, news: News, firms: Sequence[int]) -> dict[int, str]:
    """The ids of the events by firm, without those that were there."""
    ids = new_public_ids(len(firms))
    day, now = stored(MatchEvent, "day", run.day), stored(MatchEvent, "created_at", clock.now())
    written = insert_rows(
        MatchEvent,
        ("public_id", "firm", "version", "kind", "cause", "day", "created_at"),
        [(name, firm, news.version.pk, news.kind, news.cause, day, now) for name, firm in zip(ids, firms, strict=True)],
    )
    if written == len(firms):
        return dict(zip(firms, ids, strict=True))
    there = keys_of(MatchEvent, ids)
    return {firm: name for firm, name in zip(firms, ids, strict=True) if name in there}


def _people(firms: Sequence[int], kind: str) -> list[tuple[int, int]]:
    """(firm, person) of everybody who acts for one of the firms now and wants to hear of this."""
    now, wanted = clock.now(), set(firms)
    rows = Membership.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=now),
        organisation_id__gte=min(firms),
        organisation_id__lte=max(firms),
        role__in=FIRM_ROLES,
        ended_at=None,
        valid_from__lte=now,
        person__is_active=True,
    )
    pairs = {(firm, person) for firm, person in rows.values_list("organisation_id", "person_id") if firm in wanted}
    if not pairs:
        return []
    people = sorted(person for _, person in pairs)
    wishes = Wish.objects.filter(person_id__gte=people[0], person_id__lte=people[-1])
    deaf = {person for person, kinds in wishes.values_list("person_id", "kinds") if kind not in kinds}
    return sorted(pair for pair in pairs if pair[1] not in deaf)


def _send_to_devices(receivers: Sequence[tuple[int, str]]) -> None:
    """An errand and a task for each device of the receivers."""
    from tulou.policies.tasks import send_errand

    people = {person for person, _ in receivers}
    if not people:
        return
    devices = Device.objects.filter(gone_at=None, person_id__gte=min(people), person_id__lte=max(people))
    by_person: dict[int, list[int]] = defaultdict(list)
    for pk, person in devices.values_list("pk", "person_id"):
        if person in people:
            by_person[person].append(pk)
    sent_to = [(person, event) for person, event in receivers if person in by_person]
    keys = keys_of(MatchEvent, [event for _, event in sent_to])
    for person, event in sent_to:
        for device in by_person[person]:
            errand, made = Errand.objects.get_or_create(event_id=keys[event], device_id=device)
            if made:
                send_errand.enqueue(errand.pk)


def _send_to_webhooks(news: News, wording: Wording, ids: Mapping[int, str]) -> None:
    """The systems of the firms that asked for it."""
    hooks = Webhook.objects.filter(active=True, organisation__gte=min(ids), organisation__lte=max(ids))
    for firm in sorted({hook.organisation for hook in hooks if hook.hears(news.code)} & set(ids)):
        put_notices(
            [
                Notice(
                    code=news.code,
                    key=ids[firm],
                    title=wording.title,
                    body=wording.body,
                    organisation=firm,
                    link=f"/policies/news/{ids[firm]}/",
                    data={"policy": news.version.policy.public_id, "version": news.version.number, "event": news.kind},
                )
            ]
        )
