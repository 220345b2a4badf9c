// purpose: Whom each campaign reached, and with what.
// parameters: kind STRING
// where:
//   kind = null, such as "Type A": only campaigns of this kind
// returns: campaignId STRING, kind STRING, startsAt DATE, endsAt DATE, days INTEGER, received INTEGER, percentOfUsers FLOAT, promotedItems INTEGER, alsoInOther INTEGER, alsoInOtherPercent FLOAT
// mode: READ
// area: marketing
// cost: fast
// rows: 1000
// caveats: alsoInOther: receivers who had another campaign running at the same time, so that effects mix.
MATCH (c:Campaign)
WHERE $kind IS NULL OR c.kind = $kind
CALL (c) {
  MATCH (c)<-[:RECEIVED]-(u:User)
  RETURN count(u) AS received, sum(CASE WHEN EXISTS {
    MATCH (u)-[:RECEIVED]->(o:Campaign) WHERE o <> c AND o.startsAt <= c.endsAt AND o.endsAt >= c.startsAt
  } THEN 1 ELSE 0 END) AS also
}
RETURN c.campaignId AS campaignId, c.kind AS kind, date(c.startsAt) AS startsAt, date(c.endsAt) AS endsAt,
       duration.inDays(date(c.startsAt), date(c.endsAt)).days + 1 AS days, received,
       round(100.0 * received / COUNT { (:User) }, 1) AS percentOfUsers, COUNT { (c)-[:PROMOTES]->() } AS promotedItems,
       also AS alsoInOther, round(CASE WHEN received > 0 THEN 100.0 * also / received END, 1) AS alsoInOtherPercent
ORDER BY startsAt, campaignId
