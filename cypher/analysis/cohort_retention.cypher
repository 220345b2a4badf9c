// purpose: How many users of each first month still come in the months after it.
// parameters: months INTEGER, minUsers INTEGER
// where:
//   months = 12: how many months each cohort is followed
//   minUsers = 10: smaller cohorts are left out
// returns: cohort STRING, users INTEGER, month INTEGER, active INTEGER, percent FLOAT, low FLOAT, high FLOAT, spendPerActive FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 2000
// people: minUsers
// caveats: The first month is that of the first event in the graph: in the first months of a log, old customers look new. low
// and high: 95 % interval (Wilson).
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH u, h.days AS days, h.values AS values
UNWIND range(0, size(days) - 1) AS k
WITH u, days[k] AS day, values[k] AS value
WITH u, date('1970-01-01') + duration({days: day}) AS at, value
WITH u, at.year * 12 + at.month - 1 AS month, sum(value) AS value
WITH u, collect([month, value]) AS months, min(month) AS first
WITH first, collect(months) AS members, count(u) AS users
WHERE users >= $minUsers
UNWIND members AS months
UNWIND months AS entry
WITH first, users, entry[0] - first AS month, count(*) AS active, sum(entry[1]) AS value
WHERE month <= $months
WITH *, 1.0 * active / users AS p
WITH *, 1.96 * sqrt(p * (1 - p) / users + 0.9604 / users / users) AS wide
RETURN toString(first / 12) + '-' + right('0' + toString(first % 12 + 1), 2) AS cohort, users, month, active,
       round(100 * p, 1) AS percent, round(100 * (p + 1.9208 / users - wide) / (1 + 3.8416 / users), 1) AS low,
       round(100 * (p + 1.9208 / users + wide) / (1 + 3.8416 / users), 1) AS high, round(value / active, 2) AS spendPerActive
ORDER BY cohort, month
