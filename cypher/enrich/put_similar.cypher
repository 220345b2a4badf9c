// purpose: Nearest items of items: changed ones. Rows: source, links (target, score).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Item {itemId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:SIMILAR_TO]->(b:Item {itemId: link.target})
SET r.score = link.score
