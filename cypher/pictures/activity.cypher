// purpose: Events and active users of every week, by behaviour; weeks are counted as in HISTORY.
// parameters: none
// returns: behaviour STRING, week INTEGER, events INTEGER, users INTEGER
// mode: READ
MATCH (u:User)-[h:HISTORY]->(b:Behaviour)
WITH b.name AS behaviour, u, h.days AS days, h.counts AS counts
UNWIND range(0, size(days) - 1) AS k
WITH behaviour, (days[k] + 3) / 7 AS week, u, sum(counts[k]) AS events
RETURN behaviour, week, sum(events) AS events, count(u) AS users
ORDER BY behaviour, week
