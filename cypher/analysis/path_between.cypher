// purpose: How two nodes hang together: the shortest typed paths between them.
// parameters: from STRING, to STRING, most INTEGER, limit INTEGER
// where:
//   from, such as "User:1228": label and id of one node (User, Item, Category or Community)
//   to, such as "Category:GROCERY > CHEESE": label and id of the other
//   most = 4: longest path, up to 6 steps
//   limit = 5: how many paths are returned
// returns: path INTEGER, steps INTEGER, nodes LIST<STRING>, relationships LIST<STRING>
// mode: READ
// area: neighbourhood
// cost: moderate
// rows: 50
WITH split($from, ':')[0] AS fromLabel, substring($from, size(split($from, ':')[0]) + 1) AS fromId,
     split($to, ':')[0] AS toLabel, substring($to, size(split($to, ':')[0]) + 1) AS toId
OPTIONAL MATCH (u:User {userId: fromId}) WHERE fromLabel = 'User'
OPTIONAL MATCH (i:Item {itemId: fromId}) WHERE fromLabel = 'Item'
OPTIONAL MATCH (c:Category {categoryId: fromId}) WHERE fromLabel = 'Category'
OPTIONAL MATCH (m:Community {communityId: fromId}) WHERE fromLabel = 'Community'
WITH coalesce(u, i, c, m) AS a, toLabel, toId
OPTIONAL MATCH (u:User {userId: toId}) WHERE toLabel = 'User'
OPTIONAL MATCH (i:Item {itemId: toId}) WHERE toLabel = 'Item'
OPTIONAL MATCH (c:Category {categoryId: toId}) WHERE toLabel = 'Category'
OPTIONAL MATCH (m:Community {communityId: toId}) WHERE toLabel = 'Community'
WITH a, coalesce(u, i, c, m) AS b
WHERE a IS NOT NULL AND b IS NOT NULL AND a <> b
MATCH p = allShortestPaths((a)-[:VIEWED|CARTED|FAVOURITED|REVIEWED|RATED|PLAYED|PURCHASED|SIMILAR_TO|IN_CATEGORY|CHILD_OF|IN_COMMUNITY|PART_OF*..6]-(b))
WHERE length(p) <= $most
WITH p, reduce(total = 0.0, r IN relationships(p) | total + coalesce(r.weight, r.score, 0.5)) AS strength,
     [n IN nodes(p) | labels(n)[0] + ' ' + coalesce(n.userId, n.itemId + ' ' + n.title, n.itemId, n.categoryId, n.communityId + ' ' + n.label)] AS names
ORDER BY length(p), strength DESC, names LIMIT $limit
WITH collect([length(p), names, [r IN relationships(p) | type(r)]]) AS found
UNWIND range(0, size(found) - 1) AS place
RETURN place + 1 AS path, found[place][0] AS steps, found[place][1] AS nodes, found[place][2] AS relationships
