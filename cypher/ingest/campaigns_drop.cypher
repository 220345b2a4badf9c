// purpose: Remove campaigns that no load knows.
// parameters: ids LIST<STRING>
// returns: removed INTEGER
// mode: WRITE
UNWIND $ids AS id
MATCH (c:Campaign {campaignId: id})
WHERE NOT EXISTS { (c)<-[:RECEIVED|REDEEMED]-() }
DETACH DELETE c
RETURN count(*) AS removed
