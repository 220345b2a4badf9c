// purpose: Some users with histories, spread evenly over all of them in the order of their ids.
// parameters: limit INTEGER
// returns: userId STRING
// mode: READ
MATCH (u:User)
WHERE EXISTS { (u)-[:HISTORY]->() }
WITH u.userId AS userId ORDER BY userId
WITH collect(userId) AS ids
WITH ids, size(ids) AS n, CASE WHEN size(ids) < $limit THEN size(ids) ELSE $limit END AS wanted
UNWIND [k IN range(0, wanted - 1) | ids[k * n / wanted]] AS userId
RETURN userId
