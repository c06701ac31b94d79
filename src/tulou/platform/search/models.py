"""The index as plain tables."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Document(models.Model):
    """Something that can be found. `kind` and `key` name it; `audience` says who may find it (empty: everybody)."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=40)
    title = models.CharField(_("title"), max_length=300)
    summary = models.CharField(_("summary"), max_length=600, blank=True)
    link = models.CharField(_("link"), max_length=300)
    audience = models.CharField(_("audience"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("searchable document")
        verbose_name_plural = _("searchable documents")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="search_document_once")]

    def __str__(self) -> str:
        return self.title


class Term(models.Model):
    """A term and in how many documents it stands (refreshed by a job, never inside a write)."""

    text = models.CharField(_("text"), max_length=60, unique=True)
    documents = models.PositiveIntegerField(_("documents"), default=0)

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")

    def __str__(self) -> str:
        return self.text


class Posting(models.Model):
    """How much a term weighs in a document: the term part of BM25 as a whole number."""

    term = models.ForeignKey(Term, models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, models.CASCADE, related_name="postings")
    weight = models.PositiveIntegerField(_("weight"))

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [models.UniqueConstraint(fields=["term", "document"], name="search_posting_once")]

    def __str__(self) -> str:
        return f"{self.term_id} {self.document_id}"


class Synonym(models.Model):
    """Words that mean the same to who searches, in one group."""

    group = models.CharField(_("group"), max_length=40, db_index=True)
    word = models.CharField(_("word"), max_length=60)

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["group", "id"]
        constraints = [models.UniqueConstraint(fields=["group", "word"], name="search_synonym_once")]

    def __str__(self) -> str:
        return self.word
