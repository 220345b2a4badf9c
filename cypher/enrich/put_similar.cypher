// purpose: Nearest items of items: new and changed ones. Rows: source, links (target, score).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Item {itemId: row.source})
UNWIND row.links AS link
MATCH (b:Item {itemId: link.target})
MERGE (a)-[r:SIMILAR_TO]->(b)
SET r.score = link.score
