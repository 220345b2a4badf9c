// purpose: A user in the middle: the strongest items, what is similar among them, their categories, the communities.
// parameters: userId STRING, limit INTEGER
// returns: user NODE, items LIST<PATH>, similar LIST<PATH>, categories LIST<PATH>, communities LIST<PATH>
// mode: READ
MATCH (user:User {userId: $userId})
CALL (user) {
  MATCH (user)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i:Item)
  WITH i, sum(r.weight) AS weight ORDER BY weight DESC, i.itemId LIMIT $limit
  RETURN collect(i) AS strongest
}
RETURN user,
       COLLECT { UNWIND strongest AS i MATCH p = (user)-->(i) RETURN p } AS items,
       COLLECT { UNWIND strongest AS i MATCH p = (i)-[:SIMILAR_TO]->(j:Item) WHERE j IN strongest RETURN p } AS similar,
       COLLECT { UNWIND strongest AS i MATCH p = (i)-[:IN_CATEGORY]->(:Category) RETURN p } AS categories,
       COLLECT { MATCH p = (user)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..1]->(:Community) RETURN p } AS communities
