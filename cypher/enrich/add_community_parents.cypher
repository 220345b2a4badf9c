// purpose: The upper community of communities: new ones (none of them may be there yet). Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Community {communityId: row.source})
UNWIND row.links AS link
MATCH (b:Community {communityId: link.target})
CREATE (a)-[:PART_OF]->(b)
