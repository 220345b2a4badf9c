// purpose: Who a user is: attributes, activity, interests by level, communities, campaigns.
// parameters: userId STRING, limit INTEGER
// returns: attributes MAP, activity LIST<MAP>, interests LIST<MAP>, communities LIST<MAP>, campaigns LIST<MAP>
// mode: READ
MATCH (u:User {userId: $userId})
RETURN u {.*, embedding: null} AS attributes,
       COLLECT {
         MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(:Item)
         WITH type(r) AS behaviour, count(r) AS items, sum(r.count) AS events, sum(r.value) AS value,
              min(r.firstAt) AS firstAt, max(r.lastAt) AS lastAt
         RETURN {behaviour: behaviour, items: items, events: events, value: value,
                 firstAt: firstAt.epochMillis, lastAt: lastAt.epochMillis}
         ORDER BY events DESC
       } AS activity,
       COLLECT {
         MATCH (u)-[w:INTERESTED_IN]->(c:Category)
         WITH c, w ORDER BY w.share DESC, c.categoryId
         WITH c.level AS level, collect({categoryId: c.categoryId, name: c.name, share: w.share, score: w.score}) AS all
         RETURN {level: level, interests: all[..$limit]} ORDER BY level
       } AS interests,
       COLLECT {
         MATCH (u)-[:IN_COMMUNITY]->(c:Community)-[:PART_OF*0..1]->(up:Community)
         RETURN up {.communityId, .level, .label, .size} ORDER BY up.level
       } AS communities,
       COLLECT {
         MATCH (u)-[:RECEIVED]->(c:Campaign)
         OPTIONAL MATCH (u)-[x:REDEEMED]->(c)
         RETURN {campaignId: c.campaignId, kind: c.kind, startsAt: c.startsAt.epochMillis,
                 endsAt: c.endsAt.epochMillis, redeemed: coalesce(x.count, 0)}
         ORDER BY c.startsAt, c.campaignId
       } AS campaigns
