// purpose: How items that came lately are doing: who tried them, and who took them again.
// parameters: days INTEGER, minUsers INTEGER, category STRING, asOf DATETIME, limit INTEGER
// where:
//   days = 91: first taken within so many days
//   minUsers = 20: least number of users
//   category = null, such as "GROCERY": only items of this category and below it
//   asOf = null, such as "2017-10-01": the end of the period
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, category STRING, firstWeek DATE, users INTEGER, events INTEGER, spend FLOAT, again INTEGER, againPercent FLOAT, low FLOAT, high FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// people: minUsers
// caveats: again: users with events in more than one week; who came last had least time for it. low and high: 95 % interval of
// againPercent (Wilson). Items that only come back each year look new in a log of one year.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WHERE over - weeks <= h.weeks[0] AND h.weeks[0] < over
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH i, h, COUNT { (i)<-[:PURCHASED]-() } AS known
WHERE known >= $minUsers
MATCH (i)<-[r:PURCHASED]-()
WITH i, h, count(*) AS users, sum(r.count) AS events, sum(r.value) AS spend, sum(CASE WHEN size(r.weeks) > 1 THEN 1 ELSE 0 END) AS again
WITH *, 1.0 * again / users AS p
WITH *, 1.96 * sqrt(p * (1 - p) / users + 0.9604 / users / users) AS wide
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category,
       date('1969-12-29') + duration({weeks: h.weeks[0]}) AS firstWeek, users, events, round(spend, 2) AS spend, again,
       round(100 * p, 1) AS againPercent, round(100 * (p + 1.9208 / users - wide) / (1 + 3.8416 / users), 1) AS low,
       round(100 * (p + 1.9208 / users + wide) / (1 + 3.8416 / users), 1) AS high
ORDER BY users DESC, itemId LIMIT $limit
