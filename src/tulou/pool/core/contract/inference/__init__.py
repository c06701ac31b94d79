"""Drafting a contract from a real file."""

from tulou.pool.core.contract.inference.draft import Draft, infer_contract
from tulou.pool.core.contract.inference.guesses import Guess

__all__ = ["Draft", "Guess", "infer_contract"]
