// purpose: How the items that a campaign promoted sold before, during and after it.
// parameters: campaignId STRING, minEvents INTEGER, limit INTEGER
// where:
//   campaignId, such as "13": the campaign
//   minEvents = 20: least number of events in all three periods
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, beforePerWeek FLOAT, duringPerWeek FLOAT, afterPerWeek FLOAT, ratio FLOAT, low FLOAT, high FLOAT, keptPercent FLOAT, significant BOOLEAN
// mode: READ
// relationship: PURCHASED
// area: marketing
// cost: fast
// rows: 500
// caveats: Events of all users. The periods before and after are as long as the campaign, in whole weeks; ratio: during over before,
// with the growth of all items taken out, and its 95 % interval. keptPercent: after over during. Ordered by low. Offers of other kinds may have run.
CALL () { MATCH (l:Load) RETURN (max(l.lastEventAt).epochMillis / 86400000 + 4) / 7 AS complete }
MATCH (c:Campaign {campaignId: $campaignId})
WITH c, complete, (c.startsAt.epochMillis / 86400000 + 3) / 7 AS start, (c.endsAt.epochMillis / 86400000 + 3) / 7 + 1 AS over
WITH c, complete, start, CASE WHEN over < complete THEN over ELSE complete END AS over
WITH c, complete, start, over, over - start AS weeks
CALL (start, over, weeks) {
  MATCH (:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WITH h.days AS days, h.counts AS counts, start, over, weeks
  UNWIND range(0, size(days) - 1) AS k
  WITH (days[k] + 3) / 7 AS week, sum(counts[k]) AS events, start, over, weeks
  WITH sum(CASE WHEN start <= week AND week < over THEN events ELSE 0 END) AS during,
       sum(CASE WHEN start - weeks <= week AND week < start THEN events ELSE 0 END) AS before
  RETURN CASE WHEN before > 0 AND during > 0 THEN 1.0 * during / before END AS growth
}
MATCH (c)-[:PROMOTES]->(i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH complete, start, over, weeks, growth, i, h.weeks AS at, h.counts AS counts, range(0, size(h.weeks) - 1) AS places
WITH complete, over, weeks, growth, i,
     reduce(n = 0, k IN places | n + CASE WHEN start - weeks <= at[k] AND at[k] < start THEN counts[k] ELSE 0 END) AS before,
     reduce(n = 0, k IN places | n + CASE WHEN start <= at[k] AND at[k] < over THEN counts[k] ELSE 0 END) AS during,
     reduce(n = 0, k IN places | n + CASE WHEN over <= at[k] AND at[k] < over + weeks THEN counts[k] ELSE 0 END) AS after
WHERE before + during + after >= $minEvents AND before + during > 0
WITH *, (during + 0.5) / (before + 0.5) / growth AS ratio, 1.96 * sqrt(1.0 / (during + 0.5) + 1.0 / (before + 0.5)) AS wide,
     CASE WHEN over + weeks <= complete THEN weeks ELSE complete - over END AS rest
RETURN i.itemId AS itemId, i.title AS title, round(1.0 * before / weeks, 2) AS beforePerWeek, round(1.0 * during / weeks, 2) AS duringPerWeek,
       round(CASE WHEN rest > 0 THEN 1.0 * after / rest END, 2) AS afterPerWeek, round(ratio, 2) AS ratio,
       round(ratio * exp(-wide), 2) AS low, round(ratio * exp(wide), 2) AS high,
       round(CASE WHEN rest > 0 AND during > 0 THEN 100.0 * after / rest * weeks / during END, 0) AS keptPercent,
       abs(log(ratio)) > wide AS significant
ORDER BY low DESC, itemId LIMIT $limit
