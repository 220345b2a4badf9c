// purpose: The users, items and categories that an id may mean, and categories of that name, with their vectors.
// parameters: id STRING
// returns: kind STRING, id STRING, title STRING, vector LIST<FLOAT>
// mode: READ
CALL () {
  MATCH (u:User {userId: $id})
  RETURN 'user' AS kind, u.userId AS id, null AS title, u.embedding AS vector
  UNION ALL
  MATCH (i:Item {itemId: $id})
  RETURN 'item' AS kind, i.itemId AS id, i.title AS title, i.embedding AS vector
  UNION ALL
  MATCH (c:Category {categoryId: $id})
  RETURN 'category' AS kind, c.categoryId AS id, c.name AS title, c.embedding AS vector
  UNION ALL
  MATCH (c:Category {name: $id})
  WHERE c.categoryId <> $id
  RETURN 'category' AS kind, c.categoryId AS id, c.name AS title, c.embedding AS vector
}
RETURN kind, id, title, vector
ORDER BY kind, id
