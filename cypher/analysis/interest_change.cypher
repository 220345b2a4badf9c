// purpose: How a user's interests changed between the last period and the one before it.
// parameters: userId STRING, days INTEGER, level INTEGER, asOf DATETIME
// where:
//   userId, such as "1228": the user
//   days = 91: length of each period, in whole weeks
//   level = 2: level of the category tree, 1 is the top
//   asOf = null, such as "2017-10-01": the end of the last period
// returns: category STRING, before INTEGER, recent INTEGER, beforePercent FLOAT, recentPercent FLOAT, points FLOAT, low FLOAT, high FLOAT, significant BOOLEAN
// mode: READ
// relationship: PURCHASED
// area: people
// cost: fast
// rows: 200
// caveats: points is the change of the share in percentage points with its 95 % interval; events of one visit are not
// independent, so read the interval as the narrowest that it can be.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (u:User {userId: $userId})-[r:PURCHASED]->(i:Item)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(c:Category {level: $level})
WHERE r.weeks[-1] >= over - 2 * weeks
WITH c, over, weeks, r
WITH c, sum(reduce(n = 0, k IN range(0, size(r.weeks) - 1) | n + CASE
            WHEN over - 2 * weeks <= r.weeks[k] AND r.weeks[k] < over - weeks THEN coalesce(r.weekCounts[k], 1) ELSE 0 END)) AS before,
     sum(reduce(n = 0, k IN range(0, size(r.weeks) - 1) | n + CASE
            WHEN over - weeks <= r.weeks[k] AND r.weeks[k] < over THEN coalesce(r.weekCounts[k], 1) ELSE 0 END)) AS recent
WITH collect([c, before, recent]) AS found, sum(before) AS allBefore, sum(recent) AS allRecent
WHERE allBefore > 0 AND allRecent > 0
UNWIND found AS entry
WITH entry[0] AS c, entry[1] AS before, entry[2] AS recent, 1.0 * entry[1] / allBefore AS p, 1.0 * entry[2] / allRecent AS q,
     allBefore, allRecent
WHERE before + recent > 0
WITH *, 1.96 * sqrt(p * (1 - p) / allBefore + q * (1 - q) / allRecent) AS wide
RETURN c.categoryId AS category, before, recent, round(100 * p, 1) AS beforePercent, round(100 * q, 1) AS recentPercent,
       round(100 * (q - p), 1) AS points, round(100 * (q - p - wide), 1) AS low, round(100 * (q - p + wide), 1) AS high,
       before + recent >= 5 AND abs(q - p) > wide AS significant
ORDER BY abs(q - p) DESC, category
