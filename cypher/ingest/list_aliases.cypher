// purpose: Items that were merged into others.
// parameters: none
// returns: itemId STRING, into STRING
// mode: READ
MATCH (a:Alias)
RETURN a.itemId AS itemId, a.into AS into
ORDER BY itemId
