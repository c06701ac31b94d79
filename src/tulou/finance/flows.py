"""How things move on the market, as tables: needs, applications, offers, contracts. What is not here cannot happen.

The states follow the journeys of OCEN 4.0 (an application goes to many lenders, one offer can be accepted) and of loan
ledgers such as Apache Fineract's, but every illegal event is an error.
"""

from __future__ import annotations

from tulou.platform.transitions.flow import Flow, Step
from tulou.registry.roles import Role

FIRM = frozenset({Role.ENTERPRISE_LEGAL.value, Role.ENTERPRISE_DELEGATE.value})
HEAD = frozenset({Role.ENTERPRISE_LEGAL.value})
BANK = frozenset({Role.BANK_OFFICER.value, Role.BANK_MANAGER.value})
MANAGER = frozenset({Role.BANK_MANAGER.value})

NEED = Flow(
    "finance.need",
    "open",
    [
        Step("ask", ("open",), "asked", "sent_to_banks", FIRM),
        Step("accept", ("asked",), "accepted", "accepted", HEAD),
        Step("disburse", ("accepted",), "financed", "financed", BANK),
        Step("fall_through", ("accepted",), "ended", "fell_through"),
        Step("withdraw", ("open", "asked"), "withdrawn", "withdrawn", FIRM),
        Step("lapse", ("open", "asked"), "lapsed", "lapsed"),
    ],
)

APPLICATION = Flow(
    "finance.application",
    "sent",
    [
        Step("take", ("sent",), "review", "taken", BANK),
        Step("offer", ("review",), "offered", "offered", MANAGER),
        Step("retract", ("offered",), "review", "offer_ended"),
        Step("refuse", ("review",), "refused", "refused", BANK, reason=True),
        Step("propose_refusal", ("review",), "refusal_check", "refusal_proposed", BANK, reason=True),
        Step("confirm_refusal", ("refusal_check",), "refused", "refused", BANK),
        Step("reconsider", ("refusal_check",), "review", "reconsidered", BANK, reason=True),
        Step("object", ("refused",), "objection", "objected", FIRM, reason=True),
        Step("uphold", ("objection",), "upheld", "upheld", BANK, reason=True),
        Step("reopen", ("objection",), "review", "reopened", BANK),
        Step("win", ("offered",), "won", "won", HEAD),
        Step("lose", ("sent", "review", "refusal_check", "offered", "objection"), "lost", "lost", HEAD),
        Step(
            "withdraw",
            ("sent", "review", "refusal_check", "offered", "refused", "objection"),
            "withdrawn",
            "withdrawn",
            FIRM,
        ),
        Step("lapse", ("sent", "review", "refusal_check", "offered"), "lapsed", "lapsed"),
    ],
)

OFFER = Flow(
    "finance.offer",
    "draft",
    [
        Step("submit", ("draft",), "check", "submitted", BANK),
        Step("give_back", ("check",), "draft", "given_back", MANAGER, reason=True),
        Step("approve", ("check",), "binding", "approved", MANAGER),
        Step("accept", ("binding",), "accepted", "accepted", HEAD),
        Step("decline", ("binding",), "declined", "declined", FIRM),
        Step("pass_over", ("draft", "check", "binding"), "passed_over", "passed_over"),
        Step("expire", ("draft", "check", "binding"), "expired", "expired"),
    ],
)

CONTRACT = Flow(
    "finance.contract",
    "cooling_off",
    [
        Step("rescind", ("cooling_off",), "rescinded", "rescinded", HEAD),
        Step("confirm", ("cooling_off",), "signed", "confirmed", HEAD),
        Step("cool_off", ("cooling_off",), "signed", "cooling_off_ended"),
        Step("cancel", ("signed",), "cancelled", "cancelled", MANAGER, reason=True),
        Step("disburse", ("signed",), "running", "disbursed", BANK),
        Step("fall_overdue", ("running",), "overdue", "fell_overdue"),
        Step("cure", ("overdue",), "running", "cured"),
        Step("propose_plan", ("running", "overdue"), "restructuring", "plan_proposed", BANK, reason=True),
        Step("agree_plan", ("restructuring",), "running", "restructured", HEAD),
        Step("decline_plan", ("restructuring",), "overdue", "plan_declined", HEAD),
        Step("propose_write_off", ("overdue",), "write_off_check", "write_off_proposed", BANK, reason=True),
        Step("keep_claim", ("write_off_check",), "overdue", "write_off_declined", MANAGER),
        Step("write_off", ("write_off_check",), "written_off", "written_off", MANAGER),
        Step("repay", ("running", "overdue"), "repaid", "repaid"),
    ],
)

LIVE = ("running", "overdue", "restructuring", "write_off_check")
"""States of a contract in which money is out."""
