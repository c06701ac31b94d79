"""What a department promises about a file: its columns, keys and rules."""

from tulou.pool.core.contract.contract import Column, Contract, KeyRole, LogicalType, Rule
from tulou.pool.core.contract.loading import load_contract

__all__ = ["Column", "Contract", "KeyRole", "LogicalType", "Rule", "load_contract"]
