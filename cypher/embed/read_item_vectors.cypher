// purpose: The vectors of some Item nodes; trained: whether the vector is as training left it.
// parameters: ids LIST<STRING>
// returns: id STRING, vector LIST<FLOAT>, trained BOOLEAN
// mode: READ
UNWIND $ids AS id
MATCH (n:Item {itemId: id})
WHERE n.embedding IS NOT NULL
RETURN id, n.embedding AS vector, n.embeddingFolded IS NULL AS trained
