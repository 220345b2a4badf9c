// purpose: Who is like the members of a segment without being one: nearest users to the segment's mean vector.
// parameters: category STRING, users LIST<STRING>, seeds INTEGER, limit INTEGER
// where:
//   category = null, such as "DRUG GM > BABY FOODS": the segment is those with the greatest share of interest in it
//   users = null, such as ["1228", "1609"]: or these users
//   seeds = 100: how many users the category's segment has
//   limit = 50: how many users are returned
// returns: userId STRING, cosine FLOAT, sharePercent FLOAT, spend FLOAT, interests LIST<STRING>
// mode: READ
// area: people
// cost: moderate
// rows: 1000
// caveats: Needs vectors (`interestgraph embed`). Give a category or users.
CALL () {
  UNWIND coalesce($users, []) AS userId
  MATCH (u:User {userId: userId})
  WHERE u.embedding IS NOT NULL
  RETURN u
  UNION
  MATCH (u:User)-[w:INTERESTED_IN]->(:Category {categoryId: $category})
  WHERE $users IS NULL AND u.embedding IS NOT NULL
  WITH u, w ORDER BY w.share DESC, u.userId LIMIT $seeds
  RETURN u
}
WITH collect(u) AS segment
WHERE size(segment) > 0
CALL (segment) {
  UNWIND range(0, size(segment[0].embedding) - 1) AS k
  UNWIND segment AS u
  WITH k, avg(u.embedding[k]) AS mean ORDER BY k
  RETURN collect(mean) AS middle
}
MATCH (u:User)
WHERE u.embedding IS NOT NULL AND NOT u IN segment
WITH u, 2 * vector.similarity.cosine(u.embedding, middle) - 1 AS cosine
ORDER BY cosine DESC, u.userId LIMIT $limit
RETURN u.userId AS userId, round(cosine, 3) AS cosine,
       round(100 * [(u)-[w:INTERESTED_IN]->(c:Category {categoryId: $category}) | w.share][0], 2) AS sharePercent,
       round([(u)-[h:HISTORY]->(b:Behaviour {primary: true}) | reduce(total = 0.0, value IN h.values | total + value)][0], 2) AS spend,
       COLLECT { MATCH (u)-[w:INTERESTED_IN]->(c:Category {level: 2}) RETURN c.name ORDER BY w.share DESC LIMIT 3 } AS interests
ORDER BY cosine DESC, userId
