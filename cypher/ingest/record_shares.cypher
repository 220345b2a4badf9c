// purpose: Shares of interest of some users, by level, after their scores have changed.
// parameters: userIds LIST<STRING>
// returns: none
// mode: WRITE
UNWIND $userIds AS userId
MATCH (u:User {userId: userId})-[w:INTERESTED_IN]->(c:Category)
WITH u, c.level AS level, collect(w) AS wishes, sum(w.score) AS total
WHERE total > 0
UNWIND wishes AS w
SET w.share = w.score / total
