// purpose: All items with what tells duplicates: title, brand, categories, and events in all.
// parameters: none
// returns: itemId STRING, title STRING, brand STRING, categories LIST<STRING>, events INTEGER
// mode: READ
MATCH (i:Item)
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand,
       COLLECT { MATCH (i)-[:IN_CATEGORY]->(c:Category) RETURN c.categoryId ORDER BY c.categoryId } AS categories,
       reduce(n = 0, counts IN COLLECT { MATCH (i)-[h:HISTORY]->(:Behaviour) RETURN h.counts }
              | n + reduce(m = 0, count IN counts | m + count)) AS events
ORDER BY itemId
