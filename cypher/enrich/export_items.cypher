// purpose: All items in order, each with its categories.
// parameters: none
// returns: itemId STRING, title STRING, categories LIST<STRING>
// mode: READ
MATCH (i:Item)
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId] AS categories
ORDER BY itemId
