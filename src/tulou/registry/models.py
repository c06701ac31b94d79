"""People, organisations, and who may do what for whom."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock
from tulou.platform.records import PublicIdField, Record
from tulou.registry.roles import Kind, Role


class People(BaseUserManager["Person"]):
    """How people come into the table."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A new person; without a password unless one is given."""
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        """The person with this e-mail address, in whatever case."""
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Somebody who signs in. What she may do follows from her memberships, never from a flag on her."""

    public_id = PublicIdField(_("public id"))
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    phone = models.CharField(_("mobile number"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined at"), default=clock.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_staff = False
    is_superuser = False
    objects = People()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Never: rights follow from memberships."""
        return False

    def has_module_perms(self, label: str) -> bool:
        """Never: rights follow from memberships."""
        return False


class Organisation(Record):
    """A firm, a department, a bank, a provider or the operator.

    `code` is the unified social credit code of a firm (GB 32100-2015), or the short name of a department; it never
    stands in a URL.
    """

    class State(models.TextChoices):
        """Whether it may act."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    code = models.CharField(_("code"), max_length=40)
    name_zh = models.CharField(_("name in Chinese"), max_length=200)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    region = models.CharField(_("region (GB/T 2260)"), max_length=6, blank=True)
    contact_email = models.EmailField(_("e-mail on register"), blank=True)
    contact_phone = models.CharField(_("phone on register"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["kind", "code"], name="organisation_code_once")]
        indexes = [models.Index(fields=["kind", "state", "id"], name="organisation_kind")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language, where there is one."""
        chinese = (get_language() or "zh").startswith("zh")
        return self.name_zh if chinese or not self.name_en else self.name_en


class Membership(Record):
    """A person's role at an organisation, from a moment until another."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=40, choices=Role.choices)
    valid_from = models.DateTimeField(_("valid from"), default=clock.now)
    valid_to = models.DateTimeField(_("valid until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    given_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("given by"))
    proof = models.CharField(_("proof"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation", "role"], condition=Q(ended_at=None), name="membership_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")), name="membership_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role}"


class Claim(Record):
    """A person's claim to speak for a firm: waiting for its proof, accepted or refused."""

    class Proof(models.TextChoices):
        """How she shows that she may."""

        CODE = "code", _("Code sent to the contact on register")
        DOCUMENT = "document", _("Licence and identity reviewed by the operator")
        OIDC = "oidc", _("Government identity provider")

    person = models.ForeignKey(Person, models.PROTECT, related_name="claims", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="claims", verbose_name=_("organisation")
    )
    proof = models.CharField(_("proof"), max_length=10, choices=Proof.choices)
    state = models.CharField(_("state"), max_length=20, default="open")
    code_hash = models.CharField(_("hash of the code"), max_length=64, blank=True)
    code_until = models.DateTimeField(_("code valid until"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    document = models.ForeignKey("platform.Attachment", models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"], condition=Q(state="open"), name="claim_once_open"
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class Token(Record):
    """A key with which an organisation's own system uses the API. Only its hash is kept."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="tokens", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=80)
    hash = models.CharField(_("hash"), max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    roles = models.JSONField(_("roles"), default=list)
    made_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    valid_to = models.DateTimeField(_("valid until"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
