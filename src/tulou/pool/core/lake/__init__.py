"""The lake: Iceberg tables that DuckDB writes and every engine reads by field id."""

from tulou.pool.core.lake.lake import Lake
from tulou.pool.core.lake.receipt import Receipt, StagedDelivery
from tulou.pool.core.lake.schema import DataFiles, Field, TableSchema, literal, quoted
from tulou.pool.core.lake.versions import Version

__all__ = ["DataFiles", "Field", "Lake", "Receipt", "StagedDelivery", "TableSchema", "Version", "literal", "quoted"]
