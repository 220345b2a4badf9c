// purpose: Add events to the histories of items, by behaviour and week: weeks in order, counts of events, sums of values.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:Item {itemId: row.itemId})
MATCH (b:Behaviour {name: row.behaviour})
MERGE (n)-[h:HISTORY]->(b)
WITH h, coalesce(h.weeks, []) + row.weeks AS weeks, coalesce(h.counts, []) + row.counts AS counts,
     coalesce(h.values, []) + row.values AS values
CALL (weeks, counts, values) {
  UNWIND range(0, size(weeks) - 1) AS place
  WITH weeks[place] AS week, sum(counts[place]) AS count, sum(values[place]) AS value
  ORDER BY week
  RETURN collect(week) AS bucket, collect(count) AS count, collect(value) AS value
}
SET h.weeks = bucket, h.counts = count, h.values = value
