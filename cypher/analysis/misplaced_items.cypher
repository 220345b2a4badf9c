// purpose: Which items are likely in the wrong category: what is similar to them lives elsewhere, and where.
// parameters: level INTEGER, minUsers INTEGER, minNeighbours INTEGER, minShare FLOAT, limit INTEGER
// where:
//   level = 2: level of the category tree at which a place counts as wrong
//   minUsers = 20: least number of users of the item
//   minNeighbours = 5: least number of similar items
//   minShare = 0.6: least share of the similarity that lies in the suggested category
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, category STRING, suggested STRING, suggestedPercent FLOAT, ownPercent FLOAT, neighbours INTEGER, examples LIST<STRING>, users INTEGER
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// people: minUsers
// caveats: Similar means taken by the same users, so an item that goes with another category (crackers with cheese) is listed as
// well as one that was filed wrongly: look at the title.
MATCH (i:Item)
WHERE i.buyers >= $minUsers
MATCH (i)-[s:SIMILAR_TO]->(j:Item)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(c:Category {level: $level})
WITH i, c, sum(s.score) AS score, count(*) AS near, collect(coalesce(j.title, j.itemId))[..3] AS examples
ORDER BY score DESC, c.categoryId
WITH i, collect([c, score, examples]) AS places, sum(score) AS total, sum(near) AS neighbours
WHERE neighbours >= $minNeighbours AND places[0][1] >= $minShare * total
MATCH (i)-[:IN_CATEGORY]->(leaf:Category)-[:CHILD_OF*0..]->(own:Category {level: $level})
WHERE own <> places[0][0]
WITH i, leaf, own, places, total, neighbours, coalesce(head([p IN places WHERE p[0] = own | p[1]]), 0.0) AS ownScore
RETURN i.itemId AS itemId, i.title AS title, leaf.categoryId AS category, places[0][0].categoryId AS suggested,
       round(100 * places[0][1] / total, 1) AS suggestedPercent, round(100 * ownScore / total, 1) AS ownPercent, neighbours,
       places[0][2] AS examples, COUNT { (i)<-[:PURCHASED]-() } AS users
ORDER BY suggestedPercent DESC, ownPercent, users DESC, itemId LIMIT $limit
