// purpose: What a campaign changed: spend per week of redeemers, and of all receivers, against matched users who did not receive it.
// parameters: campaignId STRING, weeks INTEGER, minUsers INTEGER
// where:
//   campaignId = null, such as "18": only this campaign
//   weeks = 8: weeks before the start that the time since then is compared with
//   minUsers = 10: groups with fewer users are left out
// returns: campaignId STRING, kind STRING, group STRING, users INTEGER, controls INTEGER, before FLOAT, during FLOAT, controlBefore FLOAT, controlDuring FLOAT, uplift FLOAT, low FLOAT, high FLOAT, upliftPercent FLOAT, significant BOOLEAN
// mode: READ
// relationship: PURCHASED
// area: marketing
// cost: slow: goes over the days of every user for every campaign, unless one is named
// rows: 500
// people: minUsers
// caveats: Difference in differences of spend per week. Controls received nothing of this campaign and are matched by spend before it,
// in fifths of the group. Redeemers chose to redeem: who was going to spend more anyway redeems more, so their uplift is an upper
// bound; that of receivers has no such choice in it but that of who was sent the campaign. Other campaigns ran at the same time.
// Intervals treat users as independent (95 %).
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest, min(l.firstEventAt) AS earliest }
MATCH (c:Campaign)
WHERE ($campaignId IS NULL OR c.campaignId = $campaignId) AND c.startsAt >= earliest + duration({weeks: 4})
  AND c.startsAt + duration({weeks: 2}) <= latest
WITH c, c.startsAt.epochMillis / 86400000 AS start, latest.epochMillis / 86400000 AS today,
     earliest.epochMillis / 86400000 AS first, c.endsAt.epochMillis / 86400000 AS over
WITH c, start, CASE WHEN over < today THEN over ELSE today END AS last,
     CASE WHEN start - 7 * $weeks > first THEN start - 7 * $weeks ELSE first END AS from
WITH c, start, last, from, COUNT { (c)<-[:RECEIVED]-() } AS received, COUNT { (c)<-[:REDEEMED]-() } AS redeemed
WHERE received >= $minUsers
CALL (c, start, last, from) {
  MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WITH c, u, h.days AS days, h.values AS values, start, last, from
  WITH c, u, [k IN range(0, size(days) - 1) WHERE from <= days[k] AND days[k] <= last] AS places, days, values, start, last, from
  WITH c, u, 7.0 * reduce(n = 0.0, k IN places | n + CASE WHEN days[k] < start THEN values[k] ELSE 0.0 END) / (start - from) AS before,
       7.0 * reduce(n = 0.0, k IN places | n + CASE WHEN days[k] >= start THEN values[k] ELSE 0.0 END) / (last - start + 1) AS during
  RETURN collect([before, during, CASE WHEN EXISTS { (u)-[:REDEEMED]->(c) } THEN 2 WHEN EXISTS { (u)-[:RECEIVED]->(c) } THEN 1 ELSE 0 END]) AS people
}
UNWIND [['redeemers', 2], ['receivers', 1]] AS target
CALL (people, target) {
  UNWIND people AS p
  WITH p, target WHERE p[2] >= target[1]
  RETURN [percentileCont(p[0], 0.2), percentileCont(p[0], 0.4), percentileCont(p[0], 0.6), percentileCont(p[0], 0.8)] AS cuts
}
CALL (people, target, cuts) {
  UNWIND people AS p
  WITH size([cut IN cuts WHERE p[0] > cut]) AS fifth, p[2] >= target[1] AS treated, p
  WHERE treated OR p[2] = 0
  WITH fifth, treated, count(*) AS n, avg(p[0]) AS before, avg(p[1]) AS during, stDev(p[1] - p[0]) AS spread
  WITH fifth, collect(CASE WHEN treated THEN [n, before, during, spread] END)[0] AS t,
       collect(CASE WHEN NOT treated THEN [n, before, during, spread] END)[0] AS o
  WHERE t IS NOT NULL AND o IS NOT NULL AND t[0] > 1 AND o[0] > 1
  WITH collect([t, o]) AS parts, sum(t[0]) AS users, sum(o[0]) AS controls
  UNWIND parts AS part
  WITH users, controls, part[0] AS t, part[1] AS o, 1.0 * part[0][0] / users AS share
  RETURN users, controls, sum(share * t[1]) AS before, sum(share * t[2]) AS during, sum(share * o[1]) AS controlBefore,
         sum(share * o[2]) AS controlDuring, sqrt(sum(share * share * (t[3] * t[3] / t[0] + o[3] * o[3] / o[0]))) AS error
}
WITH c, start, target, users, controls, before, during, controlBefore, controlDuring, error
WHERE users >= $minUsers AND controls >= $minUsers
WITH *, (during - before) - (controlDuring - controlBefore) AS uplift
RETURN c.campaignId AS campaignId, c.kind AS kind, target[0] AS group, users, controls, round(before, 2) AS before,
       round(during, 2) AS during, round(controlBefore, 2) AS controlBefore, round(controlDuring, 2) AS controlDuring,
       round(uplift, 2) AS uplift, round(uplift - 1.96 * error, 2) AS low, round(uplift + 1.96 * error, 2) AS high,
       round(CASE WHEN before > 0 THEN 100 * uplift / before END, 1) AS upliftPercent, abs(uplift) > 1.96 * error AS significant
ORDER BY start, campaignId, group DESC
