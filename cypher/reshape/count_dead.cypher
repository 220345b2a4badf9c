// purpose: Items that are dead: discontinued, and without a relationship to any user; and how many of them have a vector.
// parameters: none
// returns: items INTEGER, vectors INTEGER
// mode: READ
MATCH (i:Item {discontinued: true})
WHERE NOT EXISTS { (i)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-() }
RETURN count(i) AS items, count(i.embedding) AS vectors
