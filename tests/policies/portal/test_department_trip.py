"""A department's trip through HTTP: draft, criteria, examples, check, review by a second person, force, amendment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from tulou.kernel.errors import Refused
from tulou.platform.actor import SYSTEM
from tulou.platform.audit.models import AuditEvent
from tulou.platform.outbox.models import Message
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.models import Policy, PolicyVersion, Review
from tulou.policies.queries.documents import as_core, catalogue_of
from tulou.policies.queries.policies import published_on, version_at
from tulou.policies.services.drafting import edit_draft
from tulou.policies.services.publishing import approve, expire_ended, submit
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
TEXT = {
    "title_zh": "小微企业房租补贴",
    "title_en": "Rent subsidy for small firms",
    "summary_zh": "补贴小微企业的房租。",
    "summary_en": "A subsidy for the rent of small firms.",
    "theme": "rent",
    "document_zh": "闽测〔2026〕1号",
    "document_en": "Test document No. 1 of 2026",
    "valid_from": "2026-01-01",
    "valid_to": "2027-12-31",
    "recurrence": "yearly",
    "benefit_zh": "每人补贴1000元",
    "benefit_en": "CNY 1,000 a person",
    "benefit_of": "headcount",
    "benefit_each": "1000",
    "benefit_ceiling": "50000.50",
    "materials": "租赁合同 | lease",
    "links": "https://example.gov.cn/rent | 办事指南 | guide",
}


@dataclass
class Desk:
    """Two officers of one department, each with a browser."""

    department: Organisation
    author: Any
    second: Any

    def begin(self, **changes: str) -> PolicyVersion:
        answer = self.author.post("/policies/department/new/", {**TEXT, **changes})
        assert answer.status_code == 302, answer.content.decode()
        return PolicyVersion.objects.latest("pk")

    def address(self, version: PolicyVersion, part: str = "") -> str:
        return f"/policies/department/versions/{version.public_id}/{part}"

    def row(self, version: PolicyVersion, **given: Any) -> Any:
        version.refresh_from_db()
        data = {"revision": version.revision, "save": "1", **given}
        answer = self.author.post(self.address(version, "rule/row/"), data)
        version.refresh_from_db()
        return answer

    def step(self, version: PolicyVersion, **given: Any) -> Any:
        version.refresh_from_db()
        answer = self.author.post(self.address(version, "rule/edit/"), {"revision": version.revision, **given})
        version.refresh_from_db()
        return answer

    def example(self, version: PolicyVersion, expect: str, **facts: Any) -> Any:
        version.refresh_from_db()
        given = {f"fact.{name}": value for name, value in facts.items()}
        data = {
            "name_zh": "例",
            "name_en": "example",
            "as_of": "2026-06-15",
            "expect": expect,
            "revision": version.revision,
        }
        return self.author.post(self.address(version, "examples/one/"), {**data, **given})

    def ready(self) -> PolicyVersion:
        """A draft that may be submitted: in Fujian, at most 100 people."""
        version = self.begin()
        self.row(
            version, at="0", attr="region", op="in", include=["350000"], article="第二条", quote="在福建省内登记注册"
        )
        self.row(
            version, into="", attr="headcount", high_op="le", high="100", article="第三条", quote="从业人数100人以下"
        )
        self.example(version, "T", region="350102", headcount="100")
        self.example(version, "F", region="350102", headcount="101")
        version.refresh_from_db()
        return version

    def published(self) -> PolicyVersion:
        version = self.ready()
        self.author.post(self.address(version, "check/"), {"revision": version.revision})
        answer = self.second.post(self.address(version, "review/"), {"revision": version.revision, "approve": "1"})
        assert answer.status_code == 302, answer.content.decode()
        version.refresh_from_db()
        return version


@pytest.fixture
def desk(enter: Callable[..., Any], organisation: Callable[..., Organisation]) -> Desk:
    department = organisation(Kind.DEPARTMENT)
    author, second = (enter(Role.DEPARTMENT_OFFICER, department) for _ in range(2))
    return Desk(department, author, second)


def test_a_draft_is_written_with_its_text_and_amounts_in_fen(desk: Desk) -> None:
    version = desk.begin()
    assert version.policy.state == Policy.State.DRAFT
    assert version.policy.department == desk.department
    assert (version.benefit_each_fen, version.benefit_ceiling_fen) == (100_000, 5_000_050)
    assert version.materials == [{"zh": "租赁合同", "en": "lease"}]
    assert version.links == [{"url": "https://example.gov.cn/rent", "zh": "办事指南", "en": "guide"}]
    shown = desk.author.get(desk.address(version)).content.decode()
    assert "50000.50" in shown


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"valid_to": "2025-12-31"}, "It ends before it begins."),
        ({"deadline": "2028-01-01"}, "It lies after the last day."),
        ({"document_en": ""}, "Give it in both languages, or in none."),
        ({"materials": "only Chinese"}, "Line 1: 2 parts are expected"),
        ({"benefit_each": ""}, "Give the yuan for each."),
    ],
)
def test_a_text_that_contradicts_itself_is_not_kept(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    answer = desk.author.post("/policies/department/new/", {**TEXT, **changes})
    assert sentence in answer.content.decode()
    assert not Policy.objects.exists()


def test_rows_and_groups_are_edited_where_they_stand(desk: Desk) -> None:
    version = desk.begin()
    assert (
        desk.row(version, into="", attr="headcount", low_op="gt", low="1", high_op="le", high="100").status_code == 302
    )
    desk.step(version, at="", step="group", kind="any")
    desk.row(version, into="2", attr="size", op="in", include=["micro", "small"])
    desk.row(version, into="2", attr="tags", any_of=["high_tech"])
    desk.row(version, into="2", attr="registered_on", measure="age", unit="years", low_op="ge", low="3")
    desk.step(version, at="2", step="regroup", kind="at_least", count="2")
    desk.step(version, at="1", step="up")
    assert version.eligibility == {
        "all": [
            {"op": "range", "attr": "headcount", "gt": 1, "le": 100},
            {"op": "in", "attr": "region", "include": ["350000"]},
            {
                "at_least": 2,
                "of": [
                    {"op": "in", "attr": "size", "include": ["micro", "small"]},
                    {"op": "intersects", "attr": "tags", "any_of": ["high_tech"]},
                    {"op": "age", "attr": "registered_on", "unit": "years", "ge": 3},
                ],
            },
        ]
    }
    desk.step(version, at="2.1", step="remove")
    assert len(version.eligibility["all"][2]["of"]) == 2
    shown = desk.author.get(desk.address(version, "rule/")).content.decode()
    assert "headcount: more than 1 persons and at most 100 persons" in shown
    assert "从业人数超过1人、100人以下" in shown
    assert "At least 2 of these hold" in shown


def test_a_code_is_found_by_its_name_and_by_the_way_down(desk: Desk) -> None:
    version = desk.begin()
    look = {"attr": "industry", "into": "", "op": "in", "revision": version.revision}
    found = desk.author.post(desk.address(version, "rule/row/"), {**look, "include_q": "textile", "look": "include"})
    assert 'name="include" value="C17' in found.content.decode()
    down = desk.author.post(desk.address(version, "rule/row/"), {**look, "include": ["C13"], "include_under": "C"})
    page = down.content.decode()
    assert 'value="C13" checked' in page
    assert 'value="C14"' in page
    version.refresh_from_db()
    assert version.revision == 0, "looking up keeps nothing"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"attr": "headcount", "low_op": "ge"}, "Give the value."),
        ({"attr": "headcount", "low": "5", "high": "3", "low_op": "ge", "high_op": "le"}, "nobody could meet this"),
        ({"attr": "headcount"}, "Give at least one end."),
        ({"attr": "region", "op": "in", "include": ["999999"]}, "999999"),
        ({"attr": "tags"}, "This field is required."),
        ({"attr": "zombie", "value": "no", "label_zh": "非僵尸企业"}, "Give the words in both languages"),
    ],
)
def test_a_criterion_that_cannot_be_meant_is_explained_and_not_kept(
    desk: Desk, given: dict[str, Any], sentence: str
) -> None:
    version = desk.begin()
    answer = desk.row(version, into="", **given)
    assert sentence in answer.content.decode()
    assert version.revision == 0


def test_two_who_edit_at_once_do_not_overwrite_each_other(desk: Desk) -> None:
    version = desk.begin()
    given = {"into": "", "attr": "zombie", "value": "no", "save": "1", "revision": version.revision}
    assert desk.author.post(desk.address(version, "rule/row/"), given).status_code == 302
    late = desk.second.post(desk.address(version, "rule/row/"), {**given, "attr": "dishonest"})
    assert late.status_code == 422
    assert "changed or submitted by somebody else" in late.content.decode()
    version.refresh_from_db()
    assert [row["attr"] for row in version.eligibility["all"]] == ["region", "zombie"]


def test_the_words_are_live_and_keep_nothing(desk: Desk) -> None:
    version = desk.begin()
    given = {"into": "", "attr": "headcount", "low_op": "ge", "low": "7", "revision": version.revision}
    shown = desk.author.post(desk.address(version, "rule/live/"), given).content.decode()
    assert "从业人数7人以上" in shown
    assert "headcount: at least 7 persons" in shown
    version.refresh_from_db()
    assert version.eligibility == {"all": [{"op": "in", "attr": "region", "include": ["350000"]}]}


def test_the_check_names_the_place_and_holds_a_failing_example_back(desk: Desk) -> None:
    version = desk.ready()
    desk.row(version, at="1", attr="headcount", high_op="lt", high="100", article="第三条", quote="从业人数100人以下")
    page = desk.author.get(desk.address(version, "check/")).content.decode()
    assert "should be T, is F" in page
    assert f"{desk.address(version, 'rule/row/')}?at=1" in page
    assert "Submit for review" not in page
    refused = desk.author.post(desk.address(version, "check/"), {"revision": version.revision})
    assert refused.status_code == 422
    assert not Review.objects.exists()


def test_four_eyes_the_author_cannot_publish_and_a_second_person_can(desk: Desk) -> None:
    version = desk.ready()
    sent = desk.author.post(desk.address(version, "check/"), {"revision": version.revision})
    assert sent.status_code == 302
    own = desk.author.post(desk.address(version, "review/"), {"revision": version.revision, "approve": "1"})
    assert own.status_code == 422
    assert "a second person of the department has to" in own.content.decode()
    version.refresh_from_db()
    assert version.state == PolicyVersion.State.IN_REVIEW
    asked = Message.objects.filter(code="policies.review.asked")
    assert {message.person_id for message in asked} == {desk.second.person.pk}
    desk.second.post(desk.address(version, "review/"), {"revision": version.revision, "approve": "1", "comment": "好"})
    version.refresh_from_db()
    assert (version.state, version.policy.state) == ("published", "published")
    assert version.policy.current == version
    assert list(published_on(dt.date(2027, 12, 31))) == [version]
    assert list(published_on(dt.date(2028, 1, 1))) == []
    assert AuditEvent.objects.filter(action="policies.version.published").count() == 1


def test_the_database_itself_refuses_a_review_by_who_submitted(desk: Desk) -> None:
    version = desk.ready()
    submit(desk.author.actor, version)
    review = Review.objects.get()
    with pytest.raises(IntegrityError, match="policy_review_four_eyes"), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(reviewer=review.submitted_by, verdict="approved")


def test_somebody_of_another_department_sees_no_draft(desk: Desk, enter: Callable[..., Any]) -> None:
    version = desk.ready()
    other = enter(Role.DEPARTMENT_OFFICER)
    for part in ("", "rule/", "examples/", "files/", "check/", "effect/", "policy.json"):
        assert other.get(desk.address(version, part)).status_code == 404
    with pytest.raises(Refused, match="another department"):
        edit_draft(other.actor, version, revision=version.revision, title_zh="x")


def test_a_returned_draft_goes_back_with_the_reason(desk: Desk) -> None:
    version = desk.ready()
    desk.author.post(desk.address(version, "check/"), {"revision": version.revision})
    bare = desk.second.post(desk.address(version, "review/"), {"revision": version.revision, "return": "1"})
    assert "Say what has to change." in bare.content.decode()
    desk.second.post(
        desk.address(version, "review/"), {"revision": version.revision, "return": "1", "comment": "Name the office."}
    )
    version.refresh_from_db()
    assert (version.state, version.policy.state) == ("draft", "draft")
    assert "Name the office." in desk.author.get(desk.address(version, "check/")).content.decode()


def test_an_amendment_says_what_changes_and_the_old_answers_stay(desk: Desk) -> None:
    first = desk.published()
    before = as_core(first)
    policy = first.policy
    assert desk.author.post(f"/policies/department/{policy.public_id}/do/amend/").status_code == 302
    second = PolicyVersion.objects.get(policy=policy, number=2)
    assert list(published_on(dt.date(2026, 6, 1))) == [first]
    desk.row(second, at="1", attr="headcount", high_op="le", high="300", article="第三条", quote="从业人数300人以下")
    refused = desk.author.post(desk.address(second, "check/"), {"revision": second.revision})
    assert refused.status_code == 422, "the old example says 101 people are too many"
    examples = [
        {**each, "firm": {**each["firm"], "headcount": n}} for each, n in zip(second.examples, (300, 301), strict=True)
    ]
    edit_draft(desk.author.actor, second, revision=second.revision, examples=examples)
    desk.author.post(desk.address(second, "check/"), {"revision": second.revision})
    page = desk.second.get(desk.address(second, "review/")).content.decode()
    assert "headcount: at most 100 persons" in page
    assert "headcount: at most 300 persons" in page
    desk.second.post(desk.address(second, "review/"), {"revision": second.revision, "approve": "1"})
    first.refresh_from_db()
    second.refresh_from_db()
    policy.refresh_from_db()
    assert (first.state, second.state, policy.current) == ("superseded", "published", second)
    assert first.superseded_at == second.published_at
    facts = {"region": "350102", "headcount": 200}
    day = dt.date(2026, 6, 15)
    assert evaluate(as_core(second).rule, facts, day, catalogue_of(second)).truth == "T"
    old = version_at(policy, second.published_at - dt.timedelta(microseconds=1))
    assert old == first
    assert as_core(old).rule == before.rule
    assert evaluate(as_core(old).rule, facts, day, catalogue_of(old)).truth == "F"


def test_a_published_version_cannot_be_changed_in_the_database_either(desk: Desk) -> None:
    version = desk.published()
    with pytest.raises(Refused, match="changed or submitted"):
        edit_draft(desk.author.actor, version, revision=version.revision, title_zh="x")
    for change in ({"eligibility": {"const": True}}, {"title_zh": "x"}, {"valid_to": None}, {"published_at": None}):
        with pytest.raises(IntegrityError, match="policy_version_is_published"), transaction.atomic():
            PolicyVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(ProtectedError):
        version.delete()


def test_a_policy_is_suspended_with_a_reason_resumed_and_withdrawn(desk: Desk) -> None:
    version = desk.published()
    address = f"/policies/department/{version.policy.public_id}/"
    bare = desk.author.post(f"{address}do/suspend/", {"reason_zh": "", "reason_en": ""})
    assert bare.status_code == 200
    assert Policy.objects.get().state == "published"
    reason = {"reason_zh": "预算已用完", "reason_en": "The budget is used up"}
    assert desk.author.post(f"{address}do/suspend/", reason).status_code == 302
    assert Policy.objects.get().state == "suspended"
    assert not published_on(dt.date(2026, 6, 1)).exists()
    assert "The budget is used up" in desk.author.get(address).content.decode()
    desk.author.post(f"{address}do/resume/")
    assert published_on(dt.date(2026, 6, 1)).exists()
    desk.author.post(f"{address}do/withdraw/", reason)
    assert Policy.objects.get().state == "withdrawn"


def test_a_policy_ends_the_day_after_its_last_and_an_amendment_brings_it_back(desk: Desk) -> None:
    version = desk.published()
    assert expire_ended(SYSTEM, dt.date(2027, 12, 31)) == 0
    assert expire_ended(SYSTEM, dt.date(2028, 1, 1)) == 1
    assert expire_ended(SYSTEM, dt.date(2028, 1, 1)) == 0
    policy = Policy.objects.get()
    assert policy.state == "expired"
    desk.author.post(f"/policies/department/{policy.public_id}/do/amend/")
    second = PolicyVersion.objects.get(number=2)
    edit_draft(desk.author.actor, second, revision=0, valid_to=dt.date(2029, 12, 31))
    submit(desk.author.actor, second)
    approve(desk.second.actor, second, revision=second.revision)
    policy.refresh_from_db()
    assert (policy.state, policy.current) == ("published", second)
    assert version.policy_id == policy.pk


def test_the_list_is_narrowed_and_says_what_is_being_written(desk: Desk) -> None:
    version = desk.published()
    desk.begin(title_en="Second policy", title_zh="第二条政策", theme="jobs")
    desk.author.post(f"/policies/department/{version.policy.public_id}/do/amend/")
    page = desk.author.get("/policies/department/").content.decode()
    assert "Rent subsidy for small firms" in page
    assert "Version 2: Draft" in page
    narrowed = desk.author.get("/policies/department/?theme=jobs").content.decode()
    assert "Second policy" in narrowed
    assert "Rent subsidy" not in narrowed


def test_the_list_asks_as_often_for_one_policy_as_for_many(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        desk.begin(title_zh=f"政策{number}", title_en=f"Policy {number}")
    with django_assert_max_num_queries(12):
        desk.author.get("/policies/department/")


def test_giving_a_draft_up_leaves_what_is_in_force(desk: Desk) -> None:
    version = desk.published()
    desk.author.post(f"/policies/department/{version.policy.public_id}/do/amend/")
    draft = PolicyVersion.objects.get(number=2)
    desk.author.post(desk.address(draft, "give-up/"))
    draft.refresh_from_db()
    version.policy.refresh_from_db()
    assert (draft.state, version.policy.state) == ("discarded", "published")
    desk.author.post(f"/policies/department/{version.policy.public_id}/do/amend/")
    assert PolicyVersion.objects.filter(policy=version.policy, state="draft").get().number == 3


def test_a_file_goes_with_its_version_and_to_its_department_alone(desk: Desk, enter: Callable[..., Any]) -> None:
    version = desk.begin()
    upload = SimpleUploadedFile("notice.pdf", b"%PDF-1.4 notice")
    given = {"title_zh": "通知", "title_en": "Notice", "file": upload}
    assert desk.author.post(desk.address(version, "files/"), given).status_code == 302
    kept = version.files.get()
    address = f"/policies/department/files/{kept.public_id}/"
    assert address in desk.author.get(desk.address(version, "files/")).content.decode()
    assert b"".join(desk.second.get(address).streaming_content) == b"%PDF-1.4 notice"
    assert enter(Role.DEPARTMENT_OFFICER).get(address).status_code == 404
    refused = {**given, "file": SimpleUploadedFile("page.pdf", b"<html>")}
    assert desk.author.post(desk.address(version, "files/"), refused).status_code == 422
    desk.author.post(desk.address(version, "files/"), {"remove": kept.public_id})
    assert not version.files.exists()
