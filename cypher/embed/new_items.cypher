// purpose: Item nodes without a vector that have a neighbour with one; a category alone is none for discontinued items.
// parameters: none
// returns: id STRING
// mode: READ
MATCH (n:Item)
WHERE n.embedding IS NULL
  AND (EXISTS { MATCH (n)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(o:User) WHERE o.embedding IS NOT NULL }
  OR NOT coalesce(n.discontinued, false) AND EXISTS { MATCH (n)-[:IN_CATEGORY]->(c:Category) WHERE c.embedding IS NOT NULL })
RETURN n.itemId AS id
ORDER BY id
