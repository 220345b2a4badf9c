// purpose: Category nodes without a vector that have a neighbour with one.
// parameters: none
// returns: id STRING
// mode: READ
MATCH (n:Category)
WHERE n.embedding IS NULL
  AND (EXISTS { MATCH (n)<-[:IN_CATEGORY]-(o:Item) WHERE o.embedding IS NOT NULL }
  OR EXISTS { MATCH (n)-[:CHILD_OF]-(c:Category) WHERE c.embedding IS NOT NULL })
RETURN n.categoryId AS id
ORDER BY id
