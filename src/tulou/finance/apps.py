"""Django's entry to the financial services cloud."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    """Products, needs, offers, contracts and their repayment."""

    name = "tulou.finance"
    label = "finance"
    verbose_name = _("financial services")
