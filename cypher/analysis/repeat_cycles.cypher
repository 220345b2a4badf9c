// purpose: Which items are taken again and again, and after how many days.
// parameters: category STRING, minUsers INTEGER, limit INTEGER
// where:
//   category = null, such as "GROCERY": only items of this category and below it
//   minUsers = 30: least number of users who took the item more than once
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, category STRING, users INTEGER, again INTEGER, againPercent FLOAT, low FLOAT, high FLOAT, daysBetween FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// people: minUsers
// caveats: daysBetween: time between first and last event over the number of gaps, median of users; who takes it more often than
// the log is long is not in it. low and high: 95 % interval of againPercent (Wilson).
MATCH (i:Item)
WHERE i.buyers >= $minUsers AND i.repeatRate * i.buyers >= $minUsers - 0.5
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH i ORDER BY i.repeatRate DESC, i.itemId LIMIT 3 * $limit
MATCH (i)<-[r:PURCHASED]-()
WITH i, count(*) AS users, sum(CASE WHEN r.count > 1 THEN 1 ELSE 0 END) AS again,
     percentileDisc(CASE WHEN r.count > 1 THEN (r.lastAt.epochMillis - r.firstAt.epochMillis) / 86400000.0 / (r.count - 1) END, 0.5) AS gap
WHERE again >= $minUsers
WITH *, 1.0 * again / users AS p
WITH *, 1.96 * sqrt(p * (1 - p) / users + 0.9604 / users / users) AS wide
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category, users, again,
       round(100 * p, 1) AS againPercent, round(100 * (p + 1.9208 / users - wide) / (1 + 3.8416 / users), 1) AS low,
       round(100 * (p + 1.9208 / users + wide) / (1 + 3.8416 / users), 1) AS high, round(gap, 1) AS daysBetween
ORDER BY againPercent DESC, users DESC, itemId LIMIT $limit
