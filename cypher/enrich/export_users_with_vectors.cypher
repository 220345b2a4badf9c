// purpose: Users with vectors, and their communities on both levels; users are in no categories.
// parameters: none
// returns: id STRING, vector LIST<FLOAT>, upper STRING, lower STRING, categories LIST<STRING>
// mode: READ
MATCH (n:User)
WHERE n.embedding IS NOT NULL
RETURN n.userId AS id, n.embedding AS vector,
       [(n)-[:IN_COMMUNITY]->(:Community)-[:PART_OF]->(m:Community) | m.communityId][0] AS upper, n.communityId AS lower,
       [] AS categories
