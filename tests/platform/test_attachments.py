"""Files are what their content says, within their limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from tulou.kernel.errors import Refused
from tulou.platform.attachments.content import CSV, DOCUMENTS, KINDS, PARQUET, PDF, PNG, XLSX, Kind
from tulou.platform.attachments.services import attach_file, download
from tulou.platform.story import story
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db


def office(member: str, *more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in (member, *more):
            archive.writestr(name, "x")
    return out.getvalue()


GOOD: list[tuple[str, bytes, Kind]] = [
    ("licence.pdf", b"%PDF-1.7 ...", PDF),
    ("photo.PNG", b"\x89PNG\r\n\x1a\n....", PNG),
    ("table.xlsx", office("xl/workbook.xml"), XLSX),
    ("rows.csv", "企业,金额\r\n闽江,3\r\n".encode("gb18030"), CSV),
    ("rows.csv", "﻿企业,金额\n".encode(), CSV),
    ("data.parquet", b"PAR1....PAR1", PARQUET),
]
BAD: list[tuple[str, bytes, str]] = [
    ("licence.pdf", b"<html><script>", "attachment.kind_not_allowed"),
    ("licence.pdf", b"\x89PNG\r\n\x1a\n....", "attachment.name_differs"),
    ("macro.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin"), "attachment.kind_not_allowed"),
    ("rows.csv", b"  <svg onload=alert(1)>", "attachment.kind_not_allowed"),
    ("rows.csv", b"a\0b", "attachment.kind_not_allowed"),
    ("broken.xlsx", b"PK\x03\x04broken", "attachment.kind_not_allowed"),
    ("empty.pdf", b"", "attachment.kind_not_allowed"),
]


def attach(client: Any, name: str, content: bytes, allowed: tuple[Kind, ...] = KINDS) -> Any:
    with story(client.actor) as told:
        return attach_file(told, SimpleUploadedFile(name, content), purpose="tests", allowed=allowed)


@pytest.mark.parametrize(("name", "content", "kind"), GOOD)
def test_a_file_is_kept_as_what_it_is(enter: Callable[..., Any], name: str, content: bytes, kind: Kind) -> None:
    kept = attach(enter(Role.ENTERPRISE_LEGAL), name, content)
    assert kept.media_type == kind.media_type
    answer = download(kept)
    assert b"".join(answer) == content  # type: ignore[arg-type]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()


@pytest.mark.parametrize(("name", "content", "code"), BAD)
def test_a_file_that_pretends_is_refused(enter: Callable[..., Any], name: str, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        attach(enter(Role.ENTERPRISE_LEGAL), name, content)
    assert refused.value.finding.code == code


def test_a_name_from_outside_decides_nothing(enter: Callable[..., Any]) -> None:
    kept = attach(enter(Role.ENTERPRISE_LEGAL), "..\\..\\etc\u202e/passwd.pdf", b"%PDF-1.7", DOCUMENTS)
    assert kept.name == "passwd.pdf"
    assert Path(kept.file.name).name == kept.public_id


def test_a_file_that_is_too_large_or_one_too_many_is_refused(enter: Callable[..., Any]) -> None:
    client = enter(Role.ENTERPRISE_LEGAL)
    tiny = (Kind("pdf", "application/pdf", (".pdf",), 4),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tulou.platform.attachments.content.PDF", tiny[0])
        with pytest.raises(Refused) as refused:
            attach(client, "a.pdf", b"%PDF-1.7", tiny)
    assert refused.value.finding.code == "attachment.too_large"
    with override_settings(ATTACHMENT_QUOTA=10):
        attach(client, "a.pdf", b"%PDF-1.7")
        with pytest.raises(Refused) as refused:
            attach(client, "b.pdf", b"%PDF-1.7")
    assert refused.value.finding.code == "attachment.quota"
