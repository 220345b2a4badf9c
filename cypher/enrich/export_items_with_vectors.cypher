// purpose: Items with vectors: their communities on both levels, and their categories from the top down.
// parameters: none
// returns: id STRING, vector LIST<FLOAT>, upper STRING, lower STRING, categories LIST<STRING>
// mode: READ
MATCH (n:Item)
WHERE n.embedding IS NOT NULL
RETURN n.itemId AS id, n.embedding AS vector,
       [(n)-[:IN_COMMUNITY]->(:Community)-[:PART_OF]->(m:Community) | m.communityId][0] AS upper, n.communityId AS lower,
       COLLECT {
         MATCH (n)-[:IN_CATEGORY]->(leaf:Category)
         WITH leaf ORDER BY leaf.categoryId LIMIT 1
         MATCH (leaf)-[:CHILD_OF*0..]->(c:Category)
         RETURN c.categoryId ORDER BY c.level
       } AS categories
