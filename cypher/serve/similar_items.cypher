// purpose: Nearest items, still sold, of an item: by co-occurrence, and by embedding where there is one (useVectors).
// parameters: itemId STRING, useVectors BOOLEAN, limit INTEGER
// returns: itemId STRING, title STRING, brand STRING, price FLOAT, path LIST<STRING>, together FLOAT, close FLOAT
// mode: READ
MATCH (a:Item {itemId: $itemId})
CALL (a) {
  MATCH (a)-[s:SIMILAR_TO]->(i:Item)
  RETURN i, s.score AS together, null AS close
  UNION ALL
  WITH a
  WHERE $useVectors AND a.embedding IS NOT NULL
  CALL db.index.vector.queryNodes('item_embedding', 2 * $limit + 10, a.embedding) YIELD node, score
  WITH a, node AS i, score
  WHERE i <> a
  RETURN i, null AS together, 2 * score - 1 AS close
}
WITH a, i, max(together) AS together, max(close) AS close
WHERE NOT coalesce(i.discontinued, false)
WITH i, together,
     coalesce(close, CASE WHEN $useVectors THEN vector.similarity.cosine(a.embedding, i.embedding) * 2 - 1 END) AS close
ORDER BY together IS NULL, together DESC, close DESC, i.itemId LIMIT $limit
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand, i.price AS price,
       [(i)-[:IN_CATEGORY]->(c) | c.path][0] AS path, together, close
