// purpose: Those of some items that were merged into others.
// parameters: itemIds LIST<STRING>
// returns: itemId STRING, into STRING
// mode: READ
UNWIND $itemIds AS itemId
MATCH (a:Alias {itemId: itemId})
RETURN a.itemId AS itemId, a.into AS into
