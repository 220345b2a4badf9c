// purpose: Who moves between communities: users whose latest events lie among the items of another one.
// parameters: days INTEGER, minEvents INTEGER, minUsers INTEGER, asOf DATETIME
// where:
//   days = 56: length of the latest period, in whole weeks
//   minEvents = 15: only users with so many events in it
//   minUsers = 5: moves of fewer users are left out
//   asOf = null, such as "2017-10-01": the end of the period
// returns: fromId STRING, fromLabel STRING, toId STRING, toLabel STRING, users INTEGER, percentOfFrom FLOAT, activeOfFrom INTEGER
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: slow: reads the weeks of every relationship
// rows: 1000
// people: minUsers
// caveats: A user's community is that of the last enrichment, over the whole log. His latest place is the upper community whose
// items stand out most among his events of the period: events x log(share of his events / share of all events).
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH (coalesce(datetime($asOf), latest).epochMillis / 86400000 + 4) / 7 AS over, ($days + 6) / 7 AS weeks
MATCH (own:Community {level: 1})<-[:PART_OF*0..]-(:Community)<-[:IN_COMMUNITY]-(u:User)
CALL (u, over, weeks) {
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WHERE i.communityId IS NOT NULL
  WITH i.communityId AS of, over, weeks, r.weeks AS at
  WHERE at[-1] >= over - weeks
  RETURN of, sum(size([week IN at WHERE over - weeks <= week AND week < over])) AS events
}
WITH own, u, of, events WHERE events > 0
WITH of, collect([own, u, events]) AS entries
MATCH (:Community {communityId: of})-[:PART_OF*0..]->(other:Community {level: 1})
UNWIND entries AS entry
WITH other, entry[0] AS own, entry[1] AS u, sum(entry[2]) AS events
WITH other, collect([own, u, events]) AS entries, sum(events) AS size
WITH collect([other, entries, size]) AS found, sum(size) AS total
UNWIND found AS f
UNWIND f[1] AS entry
WITH total, entry[0] AS own, entry[1] AS u, collect([f[0], entry[2], f[2]]) AS places, sum(entry[2]) AS events
WHERE events >= $minEvents
UNWIND places AS place
WITH own, u, place[0] AS other, place[1] * log(1.0 * place[1] * total / events / place[2]) AS score
ORDER BY score DESC, other = own DESC
WITH own, u, collect(other)[0] AS now
WITH own, now, count(*) AS users
WITH own, collect([now, users]) AS moves, sum(users) AS active
UNWIND moves AS move
WITH own, active, move WHERE move[0] <> own AND move[1] >= $minUsers
RETURN own.communityId AS fromId, own.label AS fromLabel, move[0].communityId AS toId, move[0].label AS toLabel,
       move[1] AS users, round(100.0 * move[1] / active, 1) AS percentOfFrom, active AS activeOfFrom
ORDER BY users DESC, fromId, toId
