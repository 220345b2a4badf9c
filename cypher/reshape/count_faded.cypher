// purpose: One behaviour's relationships by user: how many weigh less than a threshold at a moment (epoch milliseconds, UTC),
// and how many do not. halfLife in days. Negative weights count by their size.
// parameters: halfLife FLOAT, now INTEGER, below FLOAT
// returns: userId STRING, faded INTEGER, kept INTEGER
// mode: READ
// relationship: PURCHASED
MATCH (u:User)
CALL (u) {
  MATCH (u)-[r:PURCHASED]->(:Item)
  WITH abs(r.weight) * 2.0 ^ ((r.lastAt.epochMillis - $now) / 86400000.0 / $halfLife) < $below AS faded
  RETURN count(CASE WHEN faded THEN 1 END) AS faded, count(CASE WHEN NOT faded THEN 1 END) AS kept
}
WITH u, faded, kept
WHERE faded + kept > 0
RETURN u.userId AS userId, faded, kept
ORDER BY userId
