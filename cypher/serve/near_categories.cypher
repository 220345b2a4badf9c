// purpose: Categories whose vectors are nearest to a vector; all are looked at, since they are few and have no index.
// parameters: vector LIST<FLOAT>, limit INTEGER
// returns: id STRING, title STRING, path LIST<STRING>, cosine FLOAT
// mode: READ
MATCH (n:Category)
WHERE n.embedding IS NOT NULL
WITH n, 2 * vector.similarity.cosine(n.embedding, $vector) - 1 AS cosine
ORDER BY cosine DESC, n.categoryId LIMIT $limit
RETURN n.categoryId AS id, n.name AS title, n.path AS path, cosine
