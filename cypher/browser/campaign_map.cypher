// purpose: The largest campaigns with users who redeemed them and the promoted items that sell most.
// parameters: limit INTEGER
// returns: redeemers LIST<PATH>, items LIST<PATH>
// mode: READ
MATCH (c:Campaign)
WITH c, COUNT { (c)<-[:REDEEMED]-() } AS redeemers
ORDER BY redeemers DESC, c.campaignId LIMIT 3
WITH collect(c) AS largest
RETURN COLLECT { UNWIND largest AS c CALL (c) { MATCH p = (c)<-[x:REDEEMED]-(u:User) RETURN p ORDER BY x.count DESC, u.userId LIMIT $limit } RETURN p } AS redeemers,
       COLLECT { UNWIND largest AS c CALL (c) { MATCH p = (c)-[:PROMOTES]->(i:Item) WHERE i.trend > 0 RETURN p ORDER BY i.trend DESC, i.itemId LIMIT 5 } RETURN p } AS items
