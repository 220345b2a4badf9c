// purpose: Which of some ids are items.
// parameters: itemIds LIST<STRING>
// returns: itemId STRING
// mode: READ
UNWIND $itemIds AS itemId
MATCH (i:Item {itemId: itemId})
RETURN i.itemId AS itemId
