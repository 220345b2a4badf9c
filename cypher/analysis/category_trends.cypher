// purpose: Which categories rise and which fall, with intervals.
// parameters: days INTEGER, level INTEGER, minEvents INTEGER, asOf DATETIME
// where:
//   days = 28: length of both periods, in whole weeks
//   level = 2: level of the category tree, 1 is the top
//   minEvents = 50: least number of events in both periods together
//   asOf = null, such as "2017-10-01": the end of the last period
// returns: category STRING, before INTEGER, recent INTEGER, changePercent FLOAT, low FLOAT, high FLOAT, z FLOAT, spendBefore FLOAT, spendRecent FLOAT, significant BOOLEAN
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 1000
// caveats: changePercent with its 95 % interval is the change against that of all categories together. significant: z beyond 3.3,
// which chance exceeds once in 1000 categories.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WHERE h.weeks[-1] >= over - 2 * weeks AND h.weeks[0] < over
WITH i, over, weeks, h.weeks AS at, h.counts AS counts, h.values AS values
WITH i, counts, values, [k IN range(0, size(at) - 1) WHERE over - 2 * weeks <= at[k] AND at[k] < over - weeks] AS old,
     [k IN range(0, size(at) - 1) WHERE over - weeks <= at[k] AND at[k] < over] AS new
WITH i, reduce(n = 0, k IN old | n + counts[k]) AS before, reduce(n = 0, k IN new | n + counts[k]) AS recent,
     reduce(n = 0.0, k IN old | n + values[k]) AS spendBefore, reduce(n = 0.0, k IN new | n + values[k]) AS spendRecent
MATCH (i)-[:IN_CATEGORY]->(leaf:Category)
WITH leaf, sum(before) AS before, sum(recent) AS recent, sum(spendBefore) AS spendBefore, sum(spendRecent) AS spendRecent
MATCH (leaf)-[:CHILD_OF*0..]->(c:Category {level: $level})
WITH c, sum(before) AS before, sum(recent) AS recent, sum(spendBefore) AS spendBefore, sum(spendRecent) AS spendRecent
WITH collect([c, before, recent, spendBefore, spendRecent]) AS found, sum(before) AS allBefore, sum(recent) AS allRecent
WHERE allBefore > 0 AND allRecent > 0
UNWIND found AS f
WITH f[0] AS c, f[1] AS before, f[2] AS recent, f[3] AS spendBefore, f[4] AS spendRecent,
     1.0 * allRecent / (allBefore + allRecent) AS p, 1.0 * allRecent / allBefore AS growth
WHERE before + recent >= $minEvents
WITH *, (recent - (before + recent) * p) / sqrt((before + recent) * p * (1 - p)) AS z,
     (recent + 0.5) / (before + 0.5) / growth AS ratio, 1.96 * sqrt(1.0 / (recent + 0.5) + 1.0 / (before + 0.5)) AS wide
RETURN c.categoryId AS category, before, recent, round(100 * (ratio - 1), 1) AS changePercent,
       round(100 * (ratio * exp(-wide) - 1), 1) AS low, round(100 * (ratio * exp(wide) - 1), 1) AS high, round(z, 1) AS z,
       round(spendBefore, 2) AS spendBefore, round(spendRecent, 2) AS spendRecent, abs(z) >= 3.3 AS significant
ORDER BY abs(z) DESC, category
