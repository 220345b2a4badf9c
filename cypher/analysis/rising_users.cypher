// purpose: Which users come more often (or more seldom) than before, more than chance explains.
// parameters: days INTEGER, falling BOOLEAN, minZ FLOAT, asOf DATETIME, limit INTEGER
// where:
//   days = 56: length of both periods
//   falling = false: true for users who come more seldom
//   minZ = 2.6: least z-score of the change in visits (2.6 is exceeded by chance once in 200)
//   asOf = null, such as "2017-10-01": the end of the last period
//   limit = 50: how many users are returned
// returns: userId STRING, visitsBefore INTEGER, visitsRecent INTEGER, z FLOAT, spendBefore FLOAT, spendRecent FLOAT, change FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 1000
// caveats: Visits are days with events. Both periods are compared as counts of equal length; a season moves everybody, see
// seasonality.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest).epochMillis / 86400000 AS today
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH today, u, h.days AS days, h.values AS values, range(0, size(h.days) - 1) AS places
WITH u, values, [k IN places WHERE today - 2 * $days < days[k] AND days[k] <= today - $days] AS old,
     [k IN places WHERE today - $days < days[k] AND days[k] <= today] AS new
WITH u, size(old) AS before, size(new) AS recent, reduce(total = 0.0, k IN old | total + values[k]) AS spendBefore,
     reduce(total = 0.0, k IN new | total + values[k]) AS spendRecent
WHERE before + recent > 0
WITH *, (recent - before) / sqrt(before + recent) AS z
WHERE CASE WHEN $falling THEN z <= -$minZ ELSE z >= $minZ END
RETURN u.userId AS userId, before AS visitsBefore, recent AS visitsRecent, round(z, 2) AS z,
       round(spendBefore, 2) AS spendBefore, round(spendRecent, 2) AS spendRecent, round(spendRecent - spendBefore, 2) AS change
ORDER BY abs(spendRecent - spendBefore) DESC, userId LIMIT $limit
