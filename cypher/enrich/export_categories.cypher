// purpose: All categories in order, each with its parent.
// parameters: none
// returns: categoryId STRING, name STRING, level INTEGER, parentId STRING
// mode: READ
MATCH (c:Category)
RETURN c.categoryId AS categoryId, c.name AS name, c.level AS level,
       [(c)-[:CHILD_OF]->(parent) | parent.categoryId][0] AS parentId
ORDER BY categoryId
