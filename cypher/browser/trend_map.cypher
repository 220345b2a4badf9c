// purpose: The items with the strongest trend, in their categories, with what is similar among them.
// parameters: limit INTEGER
// returns: items LIST<PATH>, similar LIST<PATH>
// mode: READ
MATCH (i:Item)
WHERE i.trend > 0
WITH i ORDER BY i.trend DESC, i.itemId LIMIT $limit
WITH collect(i) AS strongest
RETURN COLLECT { UNWIND strongest AS i MATCH p = (i)-[:IN_CATEGORY]->(:Category) RETURN p } AS items,
       COLLECT { UNWIND strongest AS i MATCH p = (i)-[:SIMILAR_TO]->(j:Item) WHERE j IN strongest RETURN p } AS similar
