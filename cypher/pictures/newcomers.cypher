// purpose: How many users and items had their first event in each week.
// parameters: none
// returns: kind STRING, week INTEGER, nodes INTEGER
// mode: READ
CALL () {
  MATCH (u:User)-[h:HISTORY]->(:Behaviour)
  WITH u, min(h.days[0]) AS day
  RETURN 'users' AS kind, (day + 3) / 7 AS week, count(u) AS nodes
  UNION ALL
  MATCH (i:Item)-[h:HISTORY]->(:Behaviour)
  WITH i, min(h.weeks[0]) AS week
  RETURN 'items' AS kind, week, count(i) AS nodes
}
RETURN kind, week, nodes
ORDER BY kind DESC, week
