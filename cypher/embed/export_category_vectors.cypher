// purpose: All vectors of Category nodes.
// parameters: none
// returns: id STRING, vector LIST<FLOAT>
// mode: READ
MATCH (n:Category)
WHERE n.embedding IS NOT NULL
RETURN n.categoryId AS id, n.embedding AS vector
