// purpose: What items and users lack.
// parameters: none
// returns: items INTEGER, noTitle INTEGER, noCategory INTEGER, noPrice INTEGER, noBrand INTEGER, noUser INTEGER, users INTEGER, idleUsers INTEGER
// mode: READ
CALL () {
  MATCH (i:Item)
  RETURN count(i) AS items, count(CASE WHEN i.title IS NULL THEN 1 END) AS noTitle,
         count(CASE WHEN NOT EXISTS { (i)-[:IN_CATEGORY]->(:Category) } THEN 1 END) AS noCategory,
         count(CASE WHEN i.price IS NULL THEN 1 END) AS noPrice, count(CASE WHEN i.brand IS NULL THEN 1 END) AS noBrand,
         count(CASE WHEN NOT EXISTS { (i)-[:HISTORY]->(:Behaviour) } THEN 1 END) AS noUser
}
CALL () {
  MATCH (u:User)
  RETURN count(u) AS users, count(CASE WHEN NOT EXISTS { (u)-[:HISTORY]->(:Behaviour) } THEN 1 END) AS idleUsers
}
RETURN items, noTitle, noCategory, noPrice, noBrand, noUser, users, idleUsers
