// purpose: The surroundings of a user as a list of edges to draw: strongest items, what is similar among them, categories,
// communities.
// parameters: userId STRING, items INTEGER
// where:
//   userId, such as "1228": the user in the middle
//   items = 12: how many of the strongest items
// returns: source STRING, sourceLabel STRING, sourceTitle STRING, type STRING, target STRING, targetLabel STRING, targetTitle STRING, weight FLOAT
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: fast
// rows: 1000
MATCH (u:User {userId: $userId})
CALL (u) {
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WITH i, r ORDER BY r.weight DESC, i.itemId LIMIT $items
  RETURN collect(i) AS strongest
}
CALL (u, strongest) {
  UNWIND strongest AS i
  MATCH (u)-[r:PURCHASED]->(i)
  RETURN u AS a, i AS b, type(r) AS type, r.weight AS weight
  UNION ALL
  WITH u, strongest
  UNWIND strongest AS i
  MATCH (i)-[r:SIMILAR_TO]->(j:Item)
  WHERE j IN strongest
  RETURN i AS a, j AS b, type(r) AS type, r.score AS weight
  UNION ALL
  WITH u, strongest
  UNWIND strongest AS i
  MATCH (i)-[r:IN_CATEGORY]->(c:Category)
  RETURN i AS a, c AS b, type(r) AS type, null AS weight
  UNION ALL
  WITH u, strongest
  UNWIND strongest AS i
  MATCH (i)-[:IN_CATEGORY]->(c:Category)<-[r:INTERESTED_IN]-(u)
  RETURN DISTINCT u AS a, c AS b, type(r) AS type, r.share AS weight
  UNION ALL
  WITH u, strongest
  UNWIND [u] + strongest AS n
  MATCH (n)-[r:IN_COMMUNITY]->(m:Community)
  RETURN n AS a, m AS b, type(r) AS type, null AS weight
}
RETURN coalesce(a.userId, a.itemId) AS source, labels(a)[0] AS sourceLabel, coalesce(a.title, a.userId) AS sourceTitle, type,
       coalesce(b.itemId, b.categoryId, b.communityId) AS target, labels(b)[0] AS targetLabel,
       coalesce(b.title, b.name, b.label) AS targetTitle, weight
ORDER BY type, weight DESC, source, target
