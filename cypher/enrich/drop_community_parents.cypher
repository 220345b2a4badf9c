// purpose: The upper community of communities: those that no longer hold. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:Community {communityId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:PART_OF]->(b:Community {communityId: link.target})
DELETE r
