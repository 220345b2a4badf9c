// purpose: The community of users: new and changed ones. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:User {userId: row.source})
UNWIND row.links AS link
MATCH (b:Community {communityId: link.target})
MERGE (a)-[r:IN_COMMUNITY]->(b)
