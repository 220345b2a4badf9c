// purpose: How an item, a category or everything sells week by week, and which weeks stand out.
// parameters: category STRING, itemId STRING
// where:
//   category = null, such as "DRUG GM > CANDY - PACKAGED": this category and below it
//   itemId = null, such as "1029743": or this item
// returns: week DATE, events INTEGER, spend FLOAT, index FLOAT, againstAll FLOAT, z FLOAT
// mode: READ
// relationship: PURCHASED
// area: items
// cost: moderate
// rows: 2000
// caveats: index: events over the mean week, 100 is average; againstAll: the same with the weeks of the whole graph taken out; z:
// distance of againstAll from 100 in standard errors (Poisson). The first and the last week may not be whole.
CALL () {
  MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WHERE $itemId IS NOT NULL AND i.itemId = $itemId
  RETURN h
  UNION ALL
  MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)
  WHERE $itemId IS NULL
  WITH DISTINCT i
  MATCH (i)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  RETURN h
  UNION ALL
  MATCH (:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WHERE $itemId IS NULL AND $category IS NULL
  RETURN h
}
WITH h.weeks AS weeks, h.counts AS counts, h.values AS values
UNWIND range(0, size(weeks) - 1) AS k
WITH weeks[k] AS week, sum(counts[k]) AS events, sum(values[k]) AS spend
ORDER BY week
WITH collect([week, events, spend]) AS own, sum(events) AS total
CALL () {
  MATCH (:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WITH h.days AS days, h.counts AS counts
  UNWIND range(0, size(days) - 1) AS k
  WITH (days[k] + 3) / 7 AS week, sum(counts[k]) AS events
  ORDER BY week
  RETURN collect(events) AS all, sum(events) AS everything, min(week) AS first, max(week) AS last
}
UNWIND range(first, last) AS week
WITH week, total, everything, all[week - first] AS everyone, coalesce([o IN own WHERE o[0] = week][0], [week, 0, 0.0]) AS o,
     last - first + 1 AS weeks
WITH *, 1.0 * total * everyone / everything AS expected
RETURN date('1969-12-29') + duration({weeks: week}) AS week, o[1] AS events, round(o[2], 2) AS spend,
       round(100.0 * o[1] * weeks / total, 0) AS index, round(100 * o[1] / expected, 0) AS againstAll,
       round((o[1] - expected) / sqrt(expected), 1) AS z
ORDER BY week
