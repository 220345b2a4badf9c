// purpose: Remove redemptions of which nothing is left.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:User {userId: row.user})-[r:REDEEMED]->(:Campaign {campaignId: row.item})
DELETE r
