// purpose: Remove users that no load knows, unless they have events.
// parameters: ids LIST<STRING>
// returns: removed INTEGER
// mode: WRITE
UNWIND $ids AS id
MATCH (u:User {userId: id})
WHERE NOT EXISTS { (u)-[:HISTORY|VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED|RECEIVED|REDEEMED]->() }
DETACH DELETE u
RETURN count(*) AS removed
