// purpose: Nearest items of items, one record a node with lists.
// parameters: none
// returns: source STRING, targets LIST<STRING>, score LIST<FLOAT>
// mode: READ
MATCH (a:Item)-[r:SIMILAR_TO]->(b:Item)
RETURN a.itemId AS source, collect(b.itemId) AS targets,
       collect(r.score) AS score
