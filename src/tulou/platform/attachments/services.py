"""Taking a file in, and handing it out."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Sum
from django.http import FileResponse

from tulou.kernel.errors import refuse
from tulou.platform.attachments.content import DOCUMENTS, Kind, proven_kind
from tulou.platform.attachments.models import Attachment
from tulou.platform.story import Story


def attach_file(
    told: Story, upload: UploadedFile[Any], *, purpose: str, allowed: tuple[Kind, ...] = DOCUMENTS
) -> Attachment:
    """Keep an uploaded file. Raises Refused for a kind, a size or an amount that is not allowed."""
    name = tidy_name(upload.name or "")
    kind = proven_kind(upload.file, name, allowed)  # type: ignore[arg-type]
    size = upload.size or 0
    if size > kind.limit:
        limit = kind.limit // 1024**2
        raise refuse("attachment.too_large", f"文件超过 {limit} MB 上限", f"The file is larger than {limit} MB")
    owner = told.actor.organisation_key
    used = Attachment.objects.filter(organisation=owner).aggregate(total=Sum("size"))["total"] or 0
    if used + size > settings.ATTACHMENT_QUOTA:
        raise refuse(
            "attachment.quota", "贵单位的附件空间已用完", "Your organisation's room for attachments is used up"
        )
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    kept = Attachment(
        organisation=owner,
        person_id=told.actor.person_key,
        purpose=purpose,
        name=name,
        media_type=kind.media_type,
        size=size,
        sha256=digest.hexdigest(),
    )
    kept.file.save(name, upload, save=False)
    kept.save()
    told.record("platform.attachment.kept", kept, purpose=purpose, size=size, sha256=kept.sha256)
    return kept


def tidy_name(name: str) -> str:
    """A file name without folders, control and direction characters, of at most 120 characters.

    >>> tidy_name("../../etc/营业执照.pdf")
    '营业执照.pdf'
    """
    plain = PurePath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in unicodedata.normalize("NFC", plain) if unicodedata.category(letter)[0] != "C")
    return (plain.strip(". ") or "file")[-120:]


def download(attachment: Attachment) -> FileResponse:
    """The file as an answer that no browser runs or shows inside our pages."""
    answer = FileResponse(attachment.file.open("rb"), as_attachment=True, filename=attachment.name)
    answer.headers["Content-Type"] = attachment.media_type
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
