// purpose: Who received which campaign.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (c:Campaign {campaignId: row.campaignId})
MERGE (u)-[:RECEIVED]->(c)
