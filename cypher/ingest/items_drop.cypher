// purpose: Remove items that no load knows, unless they have events.
// parameters: ids LIST<STRING>
// returns: removed INTEGER
// mode: WRITE
UNWIND $ids AS id
MATCH (i:Item {itemId: id})
WHERE NOT EXISTS { (i)-[:HISTORY]->() } AND NOT EXISTS { (i)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED|PROMOTES]-() }
DETACH DELETE i
RETURN count(*) AS removed
