// purpose: Which items that used to sell are not taken any more.
// parameters: days INTEGER, minEvents INTEGER, minUsers INTEGER, category STRING, asOf DATETIME, limit INTEGER
// where:
//   days = 91: without an event for so long
//   minEvents = 50: least number of events before
//   minUsers = 10: least number of users
//   category = null, such as "GROCERY": only items of this category and below it
//   asOf = null, such as "2017-10-01": the moment from which days are counted
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, category STRING, users INTEGER, events INTEGER, spend FLOAT, lastWeek DATE, expectedSince FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// people: minUsers
// caveats: expectedSince: events that the item would have had since then at its mean rate. Items that sold for less than eight weeks are
// left out; seasonal items sleep too.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WHERE h.weeks[-1] < over - weeks AND h.weeks[-1] - h.weeks[0] >= 8
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH i, h, over, reduce(n = 0, count IN h.counts | n + count) AS events, reduce(n = 0.0, value IN h.values | n + value) AS spend
WHERE events >= $minEvents
WITH *, COUNT { (i)<-[:PURCHASED]-() } AS users
WHERE users >= $minUsers
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category, users, events,
       round(spend, 2) AS spend, date('1969-12-29') + duration({weeks: h.weeks[-1]}) AS lastWeek,
       round(1.0 * events / (h.weeks[-1] - h.weeks[0] + 1) * (over - 1 - h.weeks[-1]), 1) AS expectedSince
ORDER BY expectedSince DESC, itemId LIMIT $limit
