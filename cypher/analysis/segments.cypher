// purpose: Which segments of users there are by interest: everybody goes where he is furthest above average.
// parameters: level INTEGER, minShare FLOAT, minUsers INTEGER
// where:
//   level = 1: level of the category tree, 1 is the top
//   minShare = 0.05: least share of interest that makes a segment
//   minUsers = 10: smaller segments are left out
// returns: segment STRING, users INTEGER, percent FLOAT, timesAverage FLOAT, spend FLOAT, spendPercent FLOAT, spendPerUser FLOAT, visitsPerUser FLOAT
// mode: READ
// area: people
// cost: moderate
// rows: 200
// people: minUsers
MATCH (u:User)-[w:INTERESTED_IN]->(c:Category {level: $level})
WITH c, sum(w.share) AS total, collect([u, w.share]) AS entries
WITH collect([c, total, entries]) AS found, COUNT { MATCH (u:User) WHERE EXISTS { (u)-[:INTERESTED_IN]->() } } AS everyone
UNWIND found AS part
UNWIND part[2] AS entry
WITH everyone, part[0] AS c, part[1] / everyone AS mean, entry[0] AS u, entry[1] AS share
WHERE share >= $minShare
WITH everyone, c, u, share / mean AS times ORDER BY times DESC
WITH everyone, u, collect(c)[0] AS c, collect(times)[0] AS times
OPTIONAL MATCH (u)-[h:HISTORY]->(:Behaviour {primary: true})
WITH everyone, c, u, times, sum(reduce(total = 0.0, value IN h.values | total + value)) AS spend, sum(size(h.days)) AS visits
WITH everyone, c, count(u) AS users, avg(times) AS times, sum(spend) AS spend, avg(visits) AS visits
WITH collect([c, users, times, spend, visits]) AS segments, sum(spend) AS total, everyone
UNWIND segments AS s
WITH s, total, everyone WHERE s[1] >= $minUsers
RETURN s[0].categoryId AS segment, s[1] AS users, round(100.0 * s[1] / everyone, 1) AS percent, round(s[2], 2) AS timesAverage,
       round(s[3], 2) AS spend, round(CASE WHEN total > 0 THEN 100 * s[3] / total END, 1) AS spendPercent,
       round(s[3] / s[1], 2) AS spendPerUser, round(s[4], 1) AS visitsPerUser
ORDER BY users DESC, segment
