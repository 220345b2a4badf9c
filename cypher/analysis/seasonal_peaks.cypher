// purpose: Which categories have a season: their strongest four weeks in a row against their mean.
// parameters: level INTEGER, minEvents INTEGER, limit INTEGER
// where:
//   level = 2: level of the category tree, 1 is the top
//   minEvents = 300: least number of events
//   limit = 30: how many categories are returned
// returns: category STRING, from DATE, to DATE, events INTEGER, peakEvents INTEGER, peakPercent FLOAT, timesMean FLOAT, z FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 500
// caveats: timesMean: events of the four weeks over four mean weeks; z: distance from the mean in standard errors (Poisson). With
// one year of data a season cannot be told from something that happened once.
CALL () {
  MATCH (:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  RETURN (min(h.days[0]) + 3) / 7 AS first, (max(h.days[-1]) + 3) / 7 AS last
}
MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
MATCH (i)-[:IN_CATEGORY]->(leaf:Category)
WITH first, last, leaf, h.weeks AS weeks, h.counts AS counts
UNWIND range(0, size(weeks) - 1) AS k
WITH first, last, leaf, weeks[k] AS week, sum(counts[k]) AS events
MATCH (leaf)-[:CHILD_OF*0..]->(c:Category {level: $level})
WITH first, last, c, week, sum(events) AS events
WITH first, last, c, collect([week, events]) AS weeks, sum(events) AS total
WITH c, weeks, total, first, last
WHERE total >= $minEvents AND last - first >= 12
CALL (weeks, first, last) {
  UNWIND range(first, last - 3) AS start
  WITH start, reduce(n = 0, w IN weeks | n + CASE WHEN start <= w[0] AND w[0] < start + 4 THEN w[1] ELSE 0 END) AS peak
  ORDER BY peak DESC, start LIMIT 1
  RETURN start, peak
}
WITH c, start, peak, total, 4.0 * total / (last - first + 1) AS expected
RETURN c.categoryId AS category, date('1969-12-29') + duration({weeks: start}) AS from,
       date('1969-12-29') + duration({weeks: start + 4}) - duration({days: 1}) AS to, total AS events, peak AS peakEvents,
       round(100.0 * peak / total, 1) AS peakPercent, round(peak / expected, 2) AS timesMean,
       round((peak - expected) / sqrt(expected), 1) AS z
ORDER BY timesMean DESC, category LIMIT $limit
