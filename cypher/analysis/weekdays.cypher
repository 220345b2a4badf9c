// purpose: On which days of the week users come and spend.
// parameters: days INTEGER, asOf DATETIME
// where:
//   days = 364: length of the period, in days
//   asOf = null, such as "2017-10-01": its end
// returns: weekday STRING, visits INTEGER, percent FLOAT, events INTEGER, spend FLOAT, spendPerVisit FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 7
// caveats: Days are those of UTC.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest).epochMillis / 86400000 AS today
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH today, h.days AS days, h.counts AS counts, h.values AS values
UNWIND [k IN range(0, size(days) - 1) WHERE today - $days < days[k] AND days[k] <= today] AS k
WITH (days[k] + 3) % 7 AS weekday, count(*) AS visits, sum(counts[k]) AS events, sum(values[k]) AS spend
WITH collect([weekday, visits, events, spend]) AS found, sum(visits) AS total
UNWIND found AS f
RETURN ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][f[0]] AS weekday, f[1] AS visits,
       round(100.0 * f[1] / total, 1) AS percent, f[2] AS events, round(f[3], 2) AS spend, round(f[3] / f[1], 2) AS spendPerVisit
ORDER BY f[0]
