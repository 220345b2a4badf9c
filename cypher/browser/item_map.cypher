// purpose: An item in the middle: what is similar to it and to those, the categories, the users who take most of it.
// parameters: itemId STRING, limit INTEGER
// returns: item NODE, similar LIST<PATH>, categories LIST<PATH>, users LIST<PATH>
// mode: READ
MATCH (item:Item {itemId: $itemId})
RETURN item,
       COLLECT { MATCH p = (item)-[s:SIMILAR_TO]->(:Item) RETURN p ORDER BY s.score DESC LIMIT $limit } AS similar,
       COLLECT { MATCH p = (item)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(top:Category) WHERE NOT EXISTS { (top)-[:CHILD_OF]->() } RETURN p } AS categories,
       COLLECT {
         MATCH p = (item)<-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(:User)
         RETURN p ORDER BY r.weight DESC LIMIT $limit
       } AS users
