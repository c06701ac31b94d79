"""Kinds of organisations and the roles that people have at them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an organisation is to the house."""

    ENTERPRISE = "enterprise", _("Enterprise")
    DEPARTMENT = "department", _("Government department")
    BANK = "bank", _("Bank")
    PROVIDER = "provider", _("Cloud provider")
    OPERATOR = "operator", _("Platform operator")
    GOVERNMENT = "government", _("Decision-makers")


class Role(models.TextChoices):
    """What a person may be at an organisation. The part before the dot is the kind of the organisation."""

    ENTERPRISE_LEGAL = "enterprise.legal_representative", _("Legal representative")
    ENTERPRISE_DELEGATE = "enterprise.delegate", _("Delegate (for example an accountant)")
    ENTERPRISE_CLERK = "enterprise.clerk", _("Clerk of an enterprise")
    DEPARTMENT_OFFICER = "department.officer", _("Department officer")
    DEPARTMENT_CLERK = "department.clerk", _("Data clerk of a department")
    BANK_OFFICER = "bank.officer", _("Bank officer")
    BANK_MANAGER = "bank.manager", _("Bank manager")
    PROVIDER_EDITOR = "provider.editor", _("Product editor of a provider")
    PROVIDER_MANAGER = "provider.manager", _("Provider manager")
    OPERATOR_STAFF = "operator.staff", _("Operator")
    OPERATOR_SYSTEM = "operator.system_administrator", _("System administrator")
    OPERATOR_SECURITY = "operator.security_administrator", _("Security administrator")
    OPERATOR_AUDIT = "operator.audit_administrator", _("Audit administrator")
    GOVERNMENT_ANALYST = "government.analyst", _("Analyst")
    GOVERNMENT_DECIDER = "government.decision_maker", _("Decision-maker")

    @property
    def kind(self) -> Kind:
        """The kind of organisation at which this role exists."""
        return Kind(self.value.partition(".")[0])


ADMINISTRATORS = frozenset({Role.OPERATOR_SYSTEM, Role.OPERATOR_SECURITY, Role.OPERATOR_AUDIT})
"""The three administrators of MLPS level 3 (GB/T 22239-2019): no person may be two of them."""

HEADS: dict[Kind, frozenset[Role]] = {
    Kind.ENTERPRISE: frozenset({Role.ENTERPRISE_LEGAL}),
    Kind.DEPARTMENT: frozenset({Role.DEPARTMENT_OFFICER}),
    Kind.BANK: frozenset({Role.BANK_MANAGER}),
    Kind.PROVIDER: frozenset({Role.PROVIDER_MANAGER}),
    Kind.OPERATOR: frozenset({Role.OPERATOR_SECURITY}),
    Kind.GOVERNMENT: frozenset({Role.GOVERNMENT_DECIDER}),
}
"""Who may give and take roles at an organisation of each kind."""
