// purpose: The community of users; null takes the old one off.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
SET u.communityId = row.communityId
