// purpose: Read the items with the strongest trend in order.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE INDEX item_trend IF NOT EXISTS
FOR (i:Item) ON (i.trend)
