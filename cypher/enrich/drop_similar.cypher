// purpose: Nearest items of items: those that no longer hold. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Item {itemId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:SIMILAR_TO]->(b:Item {itemId: link.target})
DELETE r
