// purpose: Who moves between communities: users whose latest events lie among the items of another one.
// parameters: days INTEGER, minEvents INTEGER, minUsers INTEGER, asOf DATETIME
// where:
//   days = 56: length of the latest period, in whole weeks
//   minEvents = 15: only users with so many events in it
//   minUsers = 10: moves of fewer users are left out
//   asOf = null, such as "2017-10-01": the end of the period
// returns: fromId STRING, fromLabel STRING, toId STRING, toLabel STRING, users INTEGER, percentOfFrom FLOAT, activeOfFrom INTEGER
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: slow: reads the weeks of every relationship
// rows: 1000
// people: minUsers
// caveats: A user's community is of the last enrichment, over the whole log; the latest place is the upper community whose items have
// most of the user's events in the period, each community weighed by its share of all events.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (m:Community)-[:PART_OF*0..]->(top:Community {level: 1})
WITH over, weeks, collect([m.communityId, top]) AS tops
MATCH (u:User)-[r:PURCHASED]->(i:Item)
WHERE r.weeks[-1] >= over - weeks AND u.communityId IS NOT NULL AND i.communityId IS NOT NULL
WITH tops, u, i.communityId AS of, sum(size([week IN r.weeks WHERE over - weeks <= week AND week < over])) AS events
WHERE events > 0
WITH tops, u, [t IN tops WHERE t[0] = of | t[1]][0] AS top, sum(events) AS events
WITH tops, collect([u, top, events]) AS found
CALL (found) {
  UNWIND found AS f
  WITH f[1] AS top, sum(f[2]) AS events
  RETURN collect([top, events]) AS sizes
}
UNWIND found AS f
WITH tops, f[0] AS u, f[1] AS top, f[2] AS events, [s IN sizes WHERE s[0] = f[1] | s[1]][0] AS size
ORDER BY 1.0 * events / size DESC
WITH tops, u, collect(top)[0] AS now, sum(events) AS events
WHERE events >= $minEvents
WITH [t IN tops WHERE t[0] = u.communityId | t[1]][0] AS before, now, count(*) AS users
WITH collect([before, now, users]) AS moves
UNWIND moves AS move
WITH move, reduce(n = 0, other IN moves | n + CASE WHEN other[0] = move[0] THEN other[2] ELSE 0 END) AS active
WHERE move[0] <> move[1] AND move[2] >= $minUsers
RETURN move[0].communityId AS fromId, move[0].label AS fromLabel, move[1].communityId AS toId, move[1].label AS toLabel,
       move[2] AS users, round(100.0 * move[2] / active, 1) AS percentOfFrom, active AS activeOfFrom
ORDER BY users DESC, fromId, toId
