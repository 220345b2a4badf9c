// purpose: Users whose vectors are nearest to a vector, by the vector index.
// parameters: vector LIST<FLOAT>, limit INTEGER
// returns: id STRING, title STRING, path LIST<STRING>, cosine FLOAT
// mode: READ
CALL db.index.vector.queryNodes('user_embedding', $limit, $vector) YIELD node AS n, score
RETURN n.userId AS id, null AS title, null AS path, 2 * score - 1 AS cosine
ORDER BY cosine DESC, id
