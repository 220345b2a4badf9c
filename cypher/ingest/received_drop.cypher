// purpose: Remove who received which campaign; start is the user, end the campaign.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:User {userId: row.start})-[r:RECEIVED]->(:Campaign {campaignId: row.end})
DELETE r
