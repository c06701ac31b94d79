"""One rule compiled three ways: arrays and bitset tables here, SQL in `sql`, the walk in `rule.scalar`."""
