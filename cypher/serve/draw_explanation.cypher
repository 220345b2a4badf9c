// purpose: The subgraph that explains a recommendation, to look at in Neo4j Browser; via: the own items it goes through.
// parameters: userId STRING, itemId STRING, via LIST<STRING>
// returns: user NODE, item NODE, own LIST<PATH>, similar LIST<PATH>, categories LIST<PATH>, communities LIST<PATH>
// mode: READ
MATCH (user:User {userId: $userId})
MATCH (item:Item {itemId: $itemId})
RETURN user, item,
       COLLECT { MATCH p = (user)-[]->(item) RETURN p } AS own,
       COLLECT {
         MATCH p = (user)-[]->(own:Item)-[:SIMILAR_TO]->(item)
         WHERE own.itemId IN $via
         RETURN p
       } AS similar,
       COLLECT {
         MATCH p = (user)-[:INTERESTED_IN]->(:Category)<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(item)
         RETURN p
       } AS categories,
       COLLECT { MATCH p = (user)-[:IN_COMMUNITY]->(:Community)<-[:IN_COMMUNITY]-(item) RETURN p } AS communities
