"""Finding every firm of which departments' data say that it meets a rule, for policies that need no application."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.story import story
from tulou.platform.tasks.job import job
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.rule.tree import Attested, Is, attributes_of, leaves
from tulou.policies.models import Declaration, Policy, PolicyVersion
from tulou.policies.queries.documents import as_core, catalogue_of
from tulou.policies.services.facts import AllFacts, all_facts
from tulou.policies.services.grants import offer_grants
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

AT_ONCE = 500


@job(together=False)
def find_entitled_firms(policy: int) -> None:
    """Offer one policy to every firm that is entitled to it by data. Run again, it offers only what is new."""
    found = Policy.objects.select_related("current").filter(pk=policy, state=Policy.State.PUBLISHED).first()
    if found is not None and found.current is not None and found.current.no_application:
        offer_to_all(found.current, all_facts(SYSTEM))


@job(every=dt.timedelta(days=1), together=False)
def find_entitled_firms_daily() -> None:
    """The same for all policies that need no application, with one reading of the facts."""
    rows = Policy.objects.select_related("current").filter(state=Policy.State.PUBLISHED, current__no_application=True)
    versions = [each.current for each in rows if each.current is not None and by_data_alone(each.current)]
    if versions:
        facts = all_facts(SYSTEM)
        for version in versions:
            offer_to_all(version, facts)


def by_data_alone(version: PolicyVersion) -> bool:
    """Whether departments' data can decide the rule: nothing in it is declared or decided by a person."""
    rule, catalogue = as_core(version).eligibility, catalogue_of(version)
    return not any(
        isinstance(leaf, Attested) or (isinstance(leaf, Is) and leaf.declared) or catalogue[leaf.attr].declared
        for leaf in leaves(rule)
    )


def offer_to_all(version: PolicyVersion, facts: AllFacts) -> int:
    """Offer a version to the firms that are entitled to it; how many are new. Some hundred firms a transaction."""
    made = 0
    for codes in _pieces(entitled(version, facts)):
        firms = Organisation.objects.filter(kind=Kind.ENTERPRISE, state=Organisation.State.ACTIVE, code__in=codes)
        with story(SYSTEM) as told:
            made += offer_grants(told, version, list(firms.order_by("pk")))
    return made


def entitled(version: PolicyVersion, facts: AllFacts) -> list[str]:
    """The codes of the firms for which the rule is true by departments' data alone."""
    core, catalogue = as_core(version), catalogue_of(version)
    bits = compile_policies({core.id: core.rule}, catalogue, clock.today()).match(facts.table)
    sure = np.flatnonzero(bits.sure[:, 0] & np.uint64(1))
    attributes = attributes_of(core.eligibility)
    told = Declaration.objects.filter(ended_at=None).values_list("firm__code", "fact")
    doubtful = {code for code, fact in told.iterator() if fact in attributes or fact.rpartition(".")[0] in attributes}
    return [code for row in sure if (code := facts.firm_ids[row]) not in doubtful]


def _pieces(codes: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(codes)
    while piece := list(islice(rest, AT_ONCE)):
        yield piece
