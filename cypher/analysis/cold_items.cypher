// purpose: Which items hardly anybody knows although warm ones are much like them, to show beside those.
// parameters: maxUsers INTEGER, minWarmUsers INTEGER, category STRING, limit INTEGER
// where:
//   maxUsers = 5: an item with at most so many users is cold
//   minWarmUsers = 100: an item with at least so many users is warm
//   category = null, such as "GROCERY > CHEESE": only items of this category and below it
//   limit = 20: how many cold items are returned
// returns: itemId STRING, title STRING, category STRING, users INTEGER, warmItemId STRING, warmTitle STRING, warmUsers INTEGER, cosine FLOAT
// mode: READ
// area: items
// cost: moderate
// rows: 100
// caveats: Needs vectors (`interestgraph embed`). Cold items are taken in the order of their trend; the vector of an item that few
// know rests on its category.
MATCH (i:Item)
WHERE i.trend > 0 AND i.buyers <= $maxUsers AND i.embedding IS NOT NULL AND NOT coalesce(i.discontinued, false)
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH i ORDER BY i.trend DESC, i.itemId LIMIT 2 * $limit
CALL (i) {
  CALL db.index.vector.queryNodes('item_embedding', 50, i.embedding) YIELD node, score
  WITH i, node, score
  WHERE node <> i AND node.buyers >= $minWarmUsers AND NOT coalesce(node.discontinued, false)
  RETURN node, 2 * score - 1 AS cosine ORDER BY cosine DESC, node.itemId LIMIT 1
}
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category, i.buyers AS users,
       node.itemId AS warmItemId, node.title AS warmTitle, node.buyers AS warmUsers, round(cosine, 3) AS cosine
ORDER BY cosine DESC, itemId LIMIT $limit
