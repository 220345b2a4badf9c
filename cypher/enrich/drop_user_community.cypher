// purpose: The community of users: those that no longer hold. Rows: source, links (target).
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (a:User {userId: row.source})
UNWIND row.links AS link
MATCH (a)-[r:IN_COMMUNITY]->(b:Community {communityId: link.target})
DELETE r
