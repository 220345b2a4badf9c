// purpose: Which items a campaign promotes.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (c:Campaign {campaignId: row.campaignId})
MATCH (i:Item {itemId: row.itemId})
MERGE (c)-[:PROMOTES]->(i)
