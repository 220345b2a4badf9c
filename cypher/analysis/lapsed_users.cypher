// purpose: Which regular users stayed away much longer than they usually do.
// parameters: times FLOAT, minVisits INTEGER, minDays INTEGER, asOf DATETIME, limit INTEGER
// where:
//   times = 4.0: away for at least so many times the median gap between visits
//   minVisits = 10: only users with so many days with events
//   minDays = 28: away for at least so many days
//   asOf = null, such as "2017-10-01": the moment from which days are counted
//   limit = 50: how many users are returned
// returns: userId STRING, lastVisit DATE, daysAway INTEGER, medianGap INTEGER, visits INTEGER, spend FLOAT, spendPer28Days FLOAT, interests LIST<STRING>
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 1000
// caveats: Ordered by what the user spent in 28 days while he came, which is what is lost.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest).epochMillis / 86400000 AS today
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH today, u, h.values AS values, [day IN h.days WHERE day <= today] AS days
WHERE size(days) >= $minVisits AND size(days) > 1 AND today - days[-1] >= $minDays
CALL (days) {
  UNWIND range(1, size(days) - 1) AS k
  RETURN percentileDisc(days[k] - days[k - 1], 0.5) AS gap
}
WITH u, today, days, gap, reduce(total = 0.0, k IN range(0, size(days) - 1) | total + values[k]) AS spend
WHERE today - days[-1] >= $times * gap
WITH *, 28 * spend / (days[-1] - days[0] + 1) AS rate
ORDER BY rate DESC, u.userId LIMIT $limit
RETURN u.userId AS userId, date('1970-01-01') + duration({days: days[-1]}) AS lastVisit, today - days[-1] AS daysAway,
       toInteger(gap) AS medianGap, size(days) AS visits, round(spend, 2) AS spend, round(rate, 2) AS spendPer28Days,
       COLLECT { MATCH (u)-[w:INTERESTED_IN]->(c:Category {level: 2}) RETURN c.name ORDER BY w.share DESC LIMIT 3 } AS interests
ORDER BY rate DESC, userId
