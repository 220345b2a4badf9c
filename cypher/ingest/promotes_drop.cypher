// purpose: Remove which items a campaign promotes; start is the campaign, end the item.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:Campaign {campaignId: row.start})-[r:PROMOTES]->(:Item {itemId: row.end})
DELETE r
