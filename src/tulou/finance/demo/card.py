"""The scorecard of the demonstration: trained on the simulated province's loans, which are as made up as its firms."""

from __future__ import annotations

import json
from typing import Any

from tulou.finance.demo.people import Players
from tulou.finance.models import ScoreArtefact
from tulou.finance.services.peers import publish_peers
from tulou.finance.services.scoring import install_artefact
from tulou.kernel.errors import Refused, Text
from tulou.pool.courtyard import pool_folder

COLUMNS = {
    "headcount": "firm__headcount",
    "age": "firm__age_years",
    "growth": "firm__sales_growth",
    "power_trend": "firm__power_growth",
}
"""A loan of the simulated province as it was when it was granted -> what a score is made of; more is better in each."""
MEANINGS = {
    "firm__headcount": ("从业人数", "Headcount", "市场监管部门", "Market regulator"),
    "firm__age_years": ("成立年数", "Years in business", "市场监管部门", "Market regulator"),
    "firm__sales_growth": ("开票收入同比增长", "Growth of invoiced sales", "税务部门", "Tax authority"),
    "firm__power_growth": ("用电量同比增长", "Growth of power use", "供电企业", "Power company"),
}


def install_cards(players: Players) -> int:
    """Train the card, install it for every bank, publish its peers; 0 where the simulated loans are not at hand."""
    content = trained()
    if content is None or ScoreArtefact.objects.exists():
        return 0
    for bank in players.banks:
        publish_peers(install_artefact(bank.manager, content))
    return len(players.banks)


def trained() -> bytes | None:
    """The bytes of the card; the same loans make the same bytes. None where they are too few to learn from."""
    files = sorted((pool_folder().parent / "province" / "truth" / "loans").glob("*.parquet"))
    if not files:
        return None
    import pyarrow.parquet as pq

    from tulou.finance.core.artefact import Meaning
    from tulou.finance.core.document import to_document
    from tulou.finance.core.kinds import Reading
    from tulou.finance.core.training import Wishes, train

    table = pq.read_table([str(path) for path in files])
    columns: dict[str, Any] = {new: table[old].to_pylist() for old, new in COLUMNS.items()}
    columns["bad"] = [int(value) for value in table["default"].to_pylist()]
    meanings = {
        name: Meaning(Text(zh=zh, en=en), Text(zh=dept_zh, en=dept_en), actionable=name != "firm__age_years")
        for name, (zh, en, dept_zh, dept_en) in MEANINGS.items()
    }
    wishes = Wishes(
        target="bad",
        bad="1",
        name="demo-province",
        pairs=0,
        directions=dict.fromkeys(MEANINGS, 1),
        reading=Reading(meanings=meanings),
    )
    try:
        card = train(columns, wishes).card
    except Refused:
        return None
    return (json.dumps(to_document(card), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
