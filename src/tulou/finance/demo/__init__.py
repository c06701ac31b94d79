"""The market's demonstration: three banks with their products, and firms at every station of the trip."""

from __future__ import annotations

from tulou.finance.demo.card import install_cards
from tulou.finance.demo.people import make_players
from tulou.finance.demo.pots import make_pots
from tulou.finance.demo.products import publish_all
from tulou.finance.demo.trips import play
from tulou.finance.models import Contract, Need, Offer, Product
from tulou.pool.courtyard import pool_folder

__all__ = ["make_demo"]


def make_demo() -> str:
    """Lay the market out around the pool; what is there already stays as it is. Says what there is now."""
    if not (pool_folder() / "pool.json").exists():
        return "no pool"
    players = make_players()
    if not Product.objects.exists():
        publish_all(players)
    install_cards(players)
    if not Need.objects.exists():
        play(players)
    rounds = make_pots()
    return (
        f"{Product.objects.count()} products, {Need.objects.count()} needs, {Offer.objects.count()} offers, "
        f"{Contract.objects.count()} contracts, {rounds} rounds of pots"
    )
