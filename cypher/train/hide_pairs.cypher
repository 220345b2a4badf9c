// purpose: Take relationships between users and items out of a scratch graph, to be found again.
// parameters: rows LIST<LIST<STRING>>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:User {userId: row[0]})-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(:Item {itemId: row[1]})
DELETE r
