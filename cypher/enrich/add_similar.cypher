// purpose: Nearest items of items: new ones (none of them may be there yet). Rows: source, links (target, score).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Item {itemId: row.source})
UNWIND row.links AS link
MATCH (b:Item {itemId: link.target})
CREATE (a)-[:SIMILAR_TO {score: link.score}]->(b)
