// purpose: Items still sold with the strongest trend, all or of one category and below it.
// parameters: category STRING, limit INTEGER
// returns: itemId STRING, title STRING, brand STRING, price FLOAT, score FLOAT, buyers INTEGER, repeatRate FLOAT, path LIST<STRING>
// mode: READ
MATCH (i:Item)
WHERE i.trend > 0 AND NOT coalesce(i.discontinued, false)
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH i
ORDER BY i.trend DESC, i.itemId LIMIT $limit
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand, i.price AS price, i.trend AS score,
       i.buyers AS buyers, i.repeatRate AS repeatRate, [(i)-[:IN_CATEGORY]->(c) | c.path][0] AS path
