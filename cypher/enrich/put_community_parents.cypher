// purpose: The upper community of communities: new and changed ones. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Community {communityId: row.source})
UNWIND row.links AS link
MATCH (b:Community {communityId: link.target})
MERGE (a)-[r:PART_OF]->(b)
