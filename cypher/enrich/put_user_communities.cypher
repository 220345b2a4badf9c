// purpose: The community of users, those of both levels before, and the number of the enrichment that moved them; null takes the old one off.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
SET u.communityId = row.communityId, u.communityBefore = row.communityBefore,
    u.upperBefore = row.upperBefore, u.communityRun = row.communityRun
