// purpose: How interested a user is in an item by the platform's formula, step by step: the sum over similar items of
// similarity times the user's own interest.
// parameters: userId STRING, itemId STRING, asOf DATETIME
// where:
//   userId, such as "1228": the user
//   itemId, such as "1029743": the item
//   asOf = null, such as "2017-12-01": moment the weights are read at
// returns: step INTEGER, itemId STRING, title STRING, weightNow FLOAT, interest FLOAT, similarity FLOAT, part FLOAT, percent FLOAT
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: fast
// rows: 500
// caveats: interest = log(1 + weight now), part = similarity x interest; step 0 is the sum. Similarity is that of enrich (damped
// cosine), which already weighs against popular items. Only neighbours that the user has chosen have a part.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
MATCH (b:Behaviour {name: 'PURCHASED'})
MATCH (u:User {userId: $userId})
MATCH (i:Item {itemId: $itemId})
WITH u, i, b.halfLife AS halfLife, coalesce(datetime($asOf), latest) AS now
CALL (u, i, halfLife, now) {
  MATCH (i)<-[s:SIMILAR_TO]-(j:Item)<-[r:PURCHASED]-(u)
  RETURN j, s.score AS similarity,
         r.weight * 2.0 ^ (-(now.epochMillis - r.lastAt.epochMillis) / 86400000.0 / halfLife) AS weightNow
}
WITH i, j, similarity, weightNow, log(1 + weightNow) AS interest
WHERE weightNow > 0
ORDER BY similarity * interest DESC, j.itemId
WITH i, collect([j, weightNow, interest, similarity, similarity * interest]) AS parts
WITH i, parts, reduce(total = 0.0, p IN parts | total + p[4]) AS total
UNWIND range(0, size(parts)) AS step
WITH i, step, total, CASE WHEN step > 0 THEN parts[step - 1] END AS p
RETURN step, CASE WHEN step = 0 THEN i.itemId ELSE p[0].itemId END AS itemId,
       CASE WHEN step = 0 THEN i.title ELSE p[0].title END AS title, round(p[1], 4) AS weightNow, round(p[2], 4) AS interest,
       round(p[3], 4) AS similarity, round(CASE WHEN step = 0 THEN total ELSE p[4] END, 4) AS part,
       round(CASE WHEN step = 0 THEN 100.0 WHEN total > 0 THEN 100 * p[4] / total END, 1) AS percent
ORDER BY step
