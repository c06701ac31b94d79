"""Addresses of the registry, for the officers of departments."""

from __future__ import annotations

from django.urls import path

from tulou.policies.views import department, drafting, importing, reach, reviewing, rule

urlpatterns = [
    path("department/", department.mine, name="mine"),
    path("department/new/", department.new, name="new"),
    path("department/import/", importing.import_page, name="import"),
    path("department/import/template.<slug:form>", importing.template, name="import_template"),
    path("department/<id:key>/", department.own, name="own"),
    path("department/<id:key>/do/<slug:step>/", department.act, name="act"),
    path("department/<id:key>/reach/", reach.reach, name="reach"),
    path("department/versions/<id:key>/", department.draft, name="draft"),
    path("department/versions/<id:key>/rule/", rule.editor, name="rule"),
    path("department/versions/<id:key>/rule/edit/", rule.edit, name="rule_edit"),
    path("department/versions/<id:key>/rule/row/", rule.row, name="rule_row"),
    path("department/versions/<id:key>/rule/live/", rule.live, name="rule_live"),
    path("department/versions/<id:key>/examples/", drafting.examples, name="examples"),
    path("department/versions/<id:key>/examples/one/", drafting.example, name="example"),
    path("department/versions/<id:key>/files/", drafting.files, name="files"),
    path("department/files/<id:key>/", drafting.file, name="file"),
    path("department/versions/<id:key>/give-up/", drafting.give_up, name="give_up"),
    path("department/versions/<id:key>/policy.json", drafting.as_file, name="as_file"),
    path("department/versions/<id:key>/effect/", reviewing.effect, name="effect"),
    path("department/versions/<id:key>/check/", reviewing.check_page, name="check"),
    path("department/versions/<id:key>/review/", reviewing.review, name="review"),
    path("department/versions/<id:key>/compare/", reviewing.compare, name="compare"),
]
