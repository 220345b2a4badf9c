// purpose: All vectors of Item nodes.
// parameters: none
// returns: id STRING, vector LIST<FLOAT>
// mode: READ
MATCH (n:Item)
WHERE n.embedding IS NOT NULL
RETURN n.itemId AS id, n.embedding AS vector
