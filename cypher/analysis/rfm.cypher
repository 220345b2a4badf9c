// purpose: How users divide by recency, frequency and spend (RFM), in segments that say what to do with them.
// parameters: asOf DATETIME, minUsers INTEGER
// where:
//   asOf = null, such as "2017-10-01": the moment from which recency counts
//   minUsers = 10: smaller segments are left out
// returns: segment STRING, users INTEGER, percent FLOAT, daysSince FLOAT, visits FLOAT, spendPerUser FLOAT, spend FLOAT, spendPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 50
// people: minUsers
// caveats: Each measure is cut into fifths, 5 is the best. champions: R and F at least 4; loyal: R 3, F at least 4; new or promising: R
// at least 4, F at most 2; at risk: R at most 2, F at least 3; hibernating: R and F at most 2; the rest need attention.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest).epochMillis / 86400000 AS today
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH today, h.days AS days, h.values AS values
WITH today, days, values, [k IN range(0, size(days) - 1) WHERE days[k] <= today] AS places
WHERE size(places) > 0
WITH today - days[places[-1]] AS since, size(places) AS visits, reduce(total = 0.0, k IN places | total + values[k]) AS spend
WITH collect([since, visits, spend]) AS all,
     [percentileDisc(since, 0.2), percentileDisc(since, 0.4), percentileDisc(since, 0.6), percentileDisc(since, 0.8)] AS cutR,
     [percentileDisc(visits, 0.2), percentileDisc(visits, 0.4), percentileDisc(visits, 0.6), percentileDisc(visits, 0.8)] AS cutF,
     count(*) AS everyone, sum(spend) AS total
UNWIND all AS user
WITH everyone, total, user, 5 - size([cut IN cutR WHERE user[0] > cut]) AS r, 1 + size([cut IN cutF WHERE user[1] > cut]) AS f
WITH everyone, total, user,
     CASE WHEN r >= 4 AND f >= 4 THEN 'champions'
          WHEN r >= 3 AND f >= 4 THEN 'loyal'
          WHEN r >= 4 AND f <= 2 THEN 'new or promising'
          WHEN r <= 2 AND f >= 3 THEN 'at risk'
          WHEN r <= 2 AND f <= 2 THEN 'hibernating'
          ELSE 'need attention' END AS segment
WITH everyone, total, segment, count(*) AS users, avg(user[0]) AS since, avg(user[1]) AS visits, sum(user[2]) AS spend
WHERE users >= $minUsers
RETURN segment, users, round(100.0 * users / everyone, 1) AS percent, round(since, 1) AS daysSince, round(visits, 1) AS visits,
       round(spend / users, 2) AS spendPerUser, round(spend, 2) AS spend,
       round(CASE WHEN total > 0 THEN 100 * spend / total END, 1) AS spendPercent
ORDER BY spend DESC
