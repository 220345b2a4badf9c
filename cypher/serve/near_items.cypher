// purpose: Items whose vectors are nearest to a vector, by the vector index.
// parameters: vector LIST<FLOAT>, limit INTEGER
// returns: id STRING, title STRING, path LIST<STRING>, cosine FLOAT
// mode: READ
CALL db.index.vector.queryNodes('item_embedding', $limit, $vector) YIELD node AS n, score
RETURN n.itemId AS id, n.title AS title, [(n)-[:IN_CATEGORY]->(c) | c.path][0] AS path, 2 * score - 1 AS cosine
ORDER BY cosine DESC, id
