"""The tables of the financial services cloud, gathered from its parts."""

from tulou.finance.models.contract import Contract, Instalment, Outcome, Payment
from tulou.finance.models.desk import Note, PeerEdition, Score, ScoreArtefact
from tulou.finance.models.need import Application, Need, PledgedInvoice
from tulou.finance.models.offer import Offer
from tulou.finance.models.payout import Payout, PayoutFile
from tulou.finance.models.pots import Pot, PotAppeal, PotClaim, PotRound
from tulou.finance.models.product import Product, ProductVersion

__all__ = [
    "Application",
    "Contract",
    "Instalment",
    "Need",
    "Note",
    "Offer",
    "Outcome",
    "Payment",
    "Payout",
    "PayoutFile",
    "PeerEdition",
    "PledgedInvoice",
    "Pot",
    "PotAppeal",
    "PotClaim",
    "PotRound",
    "Product",
    "ProductVersion",
    "Score",
    "ScoreArtefact",
]
