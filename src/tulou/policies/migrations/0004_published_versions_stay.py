"""What was published never changes: the database itself refuses it."""

from __future__ import annotations

from typing import Any

from django.db import migrations

KEPT = [
    "policy_id", "number", "revision", "title_zh", "title_en", "summary_zh", "summary_en", "change_zh", "change_en",
    "theme", "document", "eligibility", "examples", "attributes", "dictionaries", "prose", "valid_from", "valid_to",
    "dates_in_rule", "deadline", "recurrence", "no_application", "benefit_zh", "benefit_en", "benefit_of",
    "benefit_rate", "benefit_each_fen", "benefit_ceiling_fen", "budget_fen", "office_zh", "office_en", "contact",
    "materials", "links", "published_at",
]  # fmt: skip
TABLE = "policies_policyversion"
NAME = "policy_version_is_published"


def arm(_apps: Any, editor: Any) -> None:
    """Refuse changes of published versions. What refers to them (PROTECT) keeps them from being deleted."""
    for statement in STATEMENTS.get(editor.connection.vendor, []):
        editor.execute(statement)


def disarm(_apps: Any, editor: Any) -> None:
    """Allow them again."""
    if editor.connection.vendor == "sqlite":
        editor.execute(f"DROP TRIGGER IF EXISTS {NAME}_update")
    elif editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER IF EXISTS {NAME} ON {TABLE}")
        editor.execute(f"DROP FUNCTION IF EXISTS {NAME}()")


SQLITE_DIFFERS = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
POSTGRES_DIFFERS = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
STATEMENTS = {
    "sqlite": [
        f"CREATE TRIGGER {NAME}_update BEFORE UPDATE ON {TABLE} WHEN OLD.published_at IS NOT NULL AND "
        f"({SQLITE_DIFFERS}) BEGIN SELECT RAISE(ABORT, '{NAME}'); END",
    ],
    "postgresql": [
        f"CREATE FUNCTION {NAME}() RETURNS trigger AS $$ BEGIN "
        f"IF OLD.published_at IS NOT NULL AND ({POSTGRES_DIFFERS}) THEN "
        f"RAISE EXCEPTION '{NAME}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "RETURN NEW; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {NAME}()",
    ],
}


class Migration(migrations.Migration):
    dependencies = [("policies", "0003_push")]

    operations = [migrations.RunPython(arm, disarm)]
