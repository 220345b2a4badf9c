// purpose: User nodes without a vector that have a neighbour with one.
// parameters: none
// returns: id STRING
// mode: READ
MATCH (n:User)
WHERE n.embedding IS NULL
  AND EXISTS { MATCH (n)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(o:Item) WHERE o.embedding IS NOT NULL }
RETURN n.userId AS id
ORDER BY id
