// purpose: Which communities of items suggest a category that the tree does not have: no category holds most of them.
// parameters: minItems INTEGER, maxShare FLOAT, minOfThree FLOAT, limit INTEGER
// where:
//   minItems = 15: least number of items with trend in the community
//   maxShare = 0.4: greatest share of one category among them
//   minOfThree = 0.35: least share of the three largest categories together
//   limit = 20: how many are returned
// returns: communityId STRING, label STRING, items INTEGER, largestCategory STRING, largestPercent FLOAT, suggested STRING, categories LIST<STRING>, examples LIST<STRING>
// mode: READ
// area: items
// cost: moderate
// rows: 200
// caveats: suggested joins the three largest categories; items without recent events (trend below 1) are left out.
MATCH (m:Community)<-[:IN_COMMUNITY]-(i:Item)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(c:Category {level: 2})
WHERE i.trend >= 1
WITH m, c, count(*) AS items, sum(i.trend) AS trend
ORDER BY items DESC, c.categoryId
WITH m, collect([c, items]) AS parts, sum(items) AS total
WHERE total >= $minItems AND 1.0 * parts[0][1] / total <= $maxShare
  AND 1.0 * reduce(n = 0, p IN parts[..3] | n + p[1]) / total >= $minOfThree
WITH m, parts, total ORDER BY total DESC, m.communityId LIMIT $limit
RETURN m.communityId AS communityId, m.label AS label, total AS items, parts[0][0].categoryId AS largestCategory,
       round(100.0 * parts[0][1] / total, 1) AS largestPercent,
       reduce(text = '', p IN parts[..3] | text + CASE WHEN text = '' THEN '' ELSE ' + ' END + p[0].name) AS suggested,
       [p IN parts[..5] | p[0].name + ' ' + toString(toInteger(round(100.0 * p[1] / total))) + ' %'] AS categories,
       COLLECT { MATCH (m)<-[:IN_COMMUNITY]-(i:Item) RETURN coalesce(i.title, i.itemId) ORDER BY i.trend DESC, i.itemId LIMIT 5 } AS examples
ORDER BY items DESC, communityId
