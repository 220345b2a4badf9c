// purpose: Which items are taken less than in the period before, more than chance and the change of all items explain.
// parameters: days INTEGER, category STRING, minEvents INTEGER, minUsers INTEGER, minZ FLOAT, asOf DATETIME, limit INTEGER
// where:
//   days = 28: length of both periods, in whole weeks
//   category = null, such as "GROCERY": only items of this category and below it
//   minEvents = 20: least number of events in both periods together
//   minUsers = 10: least number of users of the item, ever
//   minZ = 3.3: least z-score of the change (3.3 is exceeded by chance once in 2000 items)
//   asOf = null, such as "2017-10-01": the end of the last period
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, category STRING, before INTEGER, recent INTEGER, ratio FLOAT, low FLOAT, high FLOAT, z FLOAT, users INTEGER
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// people: minUsers
// caveats: ratio: events in the recent period over those expected from the one before, with all items' growth taken out;
// low and high: its 95 % interval. z tests the split between the periods (binomial). Offers and seasons are changes too.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WHERE h.weeks[-1] >= over - 2 * weeks AND h.weeks[0] < over
WITH i, over, weeks, h.weeks AS at, h.counts AS counts
WITH i,
     reduce(n = 0, k IN range(0, size(at) - 1) | n + CASE WHEN over - 2 * weeks <= at[k] AND at[k] < over - weeks THEN counts[k] ELSE 0 END) AS before,
     reduce(n = 0, k IN range(0, size(at) - 1) | n + CASE WHEN over - weeks <= at[k] AND at[k] < over THEN counts[k] ELSE 0 END) AS recent
WITH collect([i, before, recent]) AS found, sum(before) AS allBefore, sum(recent) AS allRecent
WHERE allBefore > 0 AND allRecent > 0
UNWIND found AS f
WITH f[0] AS i, f[1] AS before, f[2] AS recent, 1.0 * allRecent / (allBefore + allRecent) AS p, 1.0 * allRecent / allBefore AS growth
WHERE before + recent >= $minEvents
WITH *, (recent - (before + recent) * p) / sqrt((before + recent) * p * (1 - p)) AS z,
     (recent + 0.5) / (before + 0.5) / growth AS ratio, 1.96 * sqrt(1.0 / (recent + 0.5) + 1.0 / (before + 0.5)) AS wide
WHERE z <= -$minZ
  AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
WITH *, COUNT { (i)<-[:PURCHASED]-() } AS users
WHERE users >= $minUsers
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category, before, recent,
       round(ratio, 2) AS ratio, round(ratio * exp(-wide), 2) AS low, round(ratio * exp(wide), 2) AS high, round(z, 1) AS z, users
ORDER BY z, itemId LIMIT $limit
