// purpose: The vectors of some User nodes; trained: whether the vector is as training left it.
// parameters: ids LIST<STRING>
// returns: id STRING, vector LIST<FLOAT>, trained BOOLEAN
// mode: READ
UNWIND $ids AS id
MATCH (n:User {userId: id})
WHERE n.embedding IS NOT NULL
RETURN id, n.embedding AS vector, n.embeddingFolded IS NULL AS trained
