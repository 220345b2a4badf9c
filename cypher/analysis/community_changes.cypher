// purpose: How communities changed with the last enrichment: users that stayed, came from others, came for the first time, and left.
// parameters: level INTEGER, minUsers INTEGER
// where:
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: communities with fewer users, before and now, are left out
// returns: communityId STRING, label STRING, users INTEGER, stayed INTEGER, arrived INTEGER, first INTEGER, left INTEGER, mostFrom STRING, mostTo STRING
// mode: READ
// area: communities
// cost: moderate
// rows: 1000
// people: minUsers
// caveats: Communities keep their ids while they overlap enough with those of the run before. mostFrom and mostTo: the community that most users came from and went to.
CALL () { MATCH (run:EnrichRun {status: 'complete'}) RETURN max(run.number) AS run }
CALL () {
  MATCH (low:Community)-[:PART_OF*0..]->(m:Community {level: $level})
  RETURN collect([low.communityId, m.communityId]) AS above
}
MATCH (u:User)
WHERE u.communityId IS NOT NULL OR u.communityRun = run
WITH u, u.communityRun = run AS moved, head([pair IN above WHERE pair[0] = u.communityId | pair[1]]) AS now
WITH now, CASE WHEN NOT moved THEN now WHEN $level = 1 THEN u.upperBefore ELSE u.communityBefore END AS before,
     moved AND u.communityBefore IS NULL AS first
WITH now, before, first, count(*) AS users
WITH collect({now: now, before: before, first: first, users: users}) AS flows
MATCH (m:Community {level: $level})
WITH m, m.communityId AS id, flows
WITH m, [f IN flows WHERE f.now = id AND f.before = id | f.users] AS stayed,
     [f IN flows WHERE f.now = id AND (f.before IS NULL OR f.before <> id) AND NOT f.first | f] AS arrived,
     [f IN flows WHERE f.now = id AND f.first | f.users] AS first,
     [f IN flows WHERE f.before = id AND (f.now IS NULL OR f.now <> id) | f] AS left
WITH m, reduce(n = 0, users IN stayed | n + users) AS stayed, reduce(n = 0, f IN arrived | n + f.users) AS came,
     reduce(n = 0, users IN first | n + users) AS first, reduce(n = 0, f IN left | n + f.users) AS went, arrived, left
WHERE m.users >= $minUsers OR stayed + went >= $minUsers
RETURN m.communityId AS communityId, m.label AS label, m.users AS users, stayed, came AS arrived, first, went AS left,
       reduce(best = null, f IN arrived | CASE WHEN f.before IS NOT NULL AND (best IS NULL OR f.users > best.users) THEN f ELSE best END).before AS mostFrom,
       reduce(best = null, f IN left | CASE WHEN f.now IS NOT NULL AND (best IS NULL OR f.users > best.users) THEN f ELSE best END).now AS mostTo
ORDER BY arrived + left DESC, communityId
