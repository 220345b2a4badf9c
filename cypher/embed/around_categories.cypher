// purpose: The items in some categories that have vectors, and the categories above and below. Items weigh
// the same.
// parameters: ids LIST<STRING>, limit INTEGER
// returns: id STRING, vector LIST<FLOAT>, near LIST<STRING>, weights LIST<FLOAT>, events LIST<INTEGER>, above LIST<STRING>
// mode: READ
UNWIND $ids AS id
MATCH (n:Category {categoryId: id})
CALL (n) {
  MATCH (n)<-[:IN_CATEGORY]-(o:Item)
  WHERE o.embedding IS NOT NULL
  WITH o LIMIT $limit
  RETURN collect(o.itemId) AS near, collect(1.0) AS weights, collect(1) AS events
}
RETURN id, null AS vector, near, weights, events,
       COLLECT { MATCH (n)-[:CHILD_OF]-(c:Category) WHERE c.embedding IS NOT NULL RETURN c.categoryId } AS above
