// purpose: Add events to the histories of users, by behaviour and day: days in order, counts of events, sums of values.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:User {userId: row.userId})
MATCH (b:Behaviour {name: row.behaviour})
MERGE (n)-[h:HISTORY]->(b)
WITH h, coalesce(h.days, []) + row.days AS days, coalesce(h.counts, []) + row.counts AS counts,
     coalesce(h.values, []) + row.values AS values
CALL (days, counts, values) {
  UNWIND range(0, size(days) - 1) AS place
  WITH days[place] AS day, sum(counts[place]) AS count, sum(values[place]) AS value
  ORDER BY day
  RETURN collect(day) AS bucket, collect(count) AS count, collect(value) AS value
}
SET h.days = bucket, h.counts = count, h.values = value
