// purpose: Whom to send a campaign of this kind next: users by the redemptions to be expected of them.
// parameters: kind STRING, prior FLOAT, limit INTEGER
// where:
//   kind = null, such as "Type A": count only campaigns of this kind
//   prior = 5.0: how many campaigns' worth of the average a user begins with
//   limit = 100: how many users are returned
// returns: userId STRING, expectedPercent FLOAT, received INTEGER, redeemed INTEGER, averagePercent FLOAT, lastVisit DATE, spend FLOAT, interests LIST<STRING>
// mode: READ
// relationship: PURCHASED
// area: marketing
// cost: moderate
// rows: 5000
// caveats: expectedPercent = (redeemed + prior x average) / (received + prior). It tells who redeems, not who would not have come
// without the campaign: see campaign_uplift.
CALL () {
  MATCH (c:Campaign)<-[:RECEIVED]-(u:User)
  WHERE $kind IS NULL OR c.kind = $kind
  WITH count(*) AS sent, sum(CASE WHEN EXISTS { (u)-[:REDEEMED]->(c) } THEN 1 ELSE 0 END) AS redeemed
  WHERE sent > 0
  RETURN 1.0 * redeemed / sent AS mean
}
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
CALL (u) {
  MATCH (u)-[:RECEIVED]->(c:Campaign)
  WHERE $kind IS NULL OR c.kind = $kind
  OPTIONAL MATCH (u)-[x:REDEEMED]->(c)
  RETURN count(c) AS received, count(x) AS redeemed
}
WITH u, h, mean, received, redeemed, (redeemed + $prior * mean) / (received + $prior) AS expected,
     reduce(n = 0.0, value IN h.values | n + value) AS spend
ORDER BY expected DESC, spend DESC, u.userId LIMIT $limit
RETURN u.userId AS userId, round(100 * expected, 1) AS expectedPercent, received, redeemed, round(100 * mean, 1) AS averagePercent,
       date('1970-01-01') + duration({days: h.days[-1]}) AS lastVisit, round(spend, 2) AS spend,
       COLLECT { MATCH (u)-[w:INTERESTED_IN]->(c:Category {level: 2}) RETURN c.name ORDER BY w.share DESC LIMIT 3 } AS interests
ORDER BY expected DESC, spend DESC, userId
