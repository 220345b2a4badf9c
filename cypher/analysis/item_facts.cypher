// purpose: What there is to know about an item: users, sales, loyalty, who takes it, where it lives, what is like it.
// parameters: itemId STRING
// where:
//   itemId, such as "1029743": the item
// returns: section STRING, fact STRING, value STRING, percent FLOAT, detail STRING
// mode: READ
// relationship: PURCHASED
// area: items
// cost: fast
// rows: 100
MATCH (i:Item {itemId: $itemId})
CALL (i) {
  UNWIND [['title', i.title], ['brand', i.brand], ['price', toString(i.price)],
          ['categories', reduce(text = '', c IN [(i)-[:IN_CATEGORY]->(c:Category) | c.categoryId] | text + CASE text WHEN '' THEN '' ELSE '; ' END + c)]] AS entry
  RETURN 1 AS place, 'item' AS section, entry[0] AS fact, entry[1] AS value, null AS percent, null AS detail
  UNION ALL
  WITH i
  MATCH (i)<-[r:PURCHASED]-(u:User)
  WITH i, count(*) AS users, sum(r.count) AS events, sum(r.value) AS spend, min(r.firstAt) AS first, max(r.lastAt) AS last,
       sum(CASE WHEN r.count > 1 THEN 1 ELSE 0 END) AS again,
       avg(CASE WHEN r.count > 1 THEN (r.lastAt.epochMillis - r.firstAt.epochMillis) / 86400000.0 / (r.count - 1) END) AS gap
  UNWIND [['users', toString(users), 100.0 * users / COUNT { (:User) }, 'of all users'],
          ['events', toString(events), null, null], ['spend', toString(round(spend, 2)), null, null],
          ['first', toString(date(first)), null, null], ['last', toString(date(last)), null, null],
          ['took it again', toString(again), 100.0 * again / users, 'of its users'],
          ['days between', toString(round(gap, 1)), null, 'mean of those who took it again']] AS entry
  RETURN 2 AS place, 'sales' AS section, entry[0] AS fact, entry[1] AS value, entry[2] AS percent, entry[3] AS detail
  UNION ALL
  WITH i
  MATCH (i)<-[r:PURCHASED]-(:User)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..]->(m:Community {level: 1})
  WITH m, count(*) AS users, sum(r.count) AS events
  WITH collect([m, users]) AS found, sum(users) AS total
  UNWIND found AS f
  WITH f, total ORDER BY f[1] DESC, f[0].communityId LIMIT 3
  RETURN 3 AS place, 'communities of its users' AS section, coalesce(f[0].label, f[0].communityId) AS fact, toString(f[1]) AS value,
         100.0 * f[1] / total AS percent, 'users' AS detail
  UNION ALL
  WITH i
  MATCH (i)-[s:SIMILAR_TO]->(j:Item)
  WITH j, s ORDER BY s.score DESC, j.itemId LIMIT 5
  RETURN 4 AS place, 'similar' AS section, coalesce(j.title, j.itemId) AS fact, j.itemId AS value, 100 * s.score AS percent,
         'similarity' AS detail
  UNION ALL
  WITH i
  MATCH (c:Campaign)-[:PROMOTES]->(i)
  RETURN 5 AS place, 'campaigns' AS section, c.campaignId AS fact, c.kind AS value, null AS percent,
         toString(date(c.startsAt)) + ' to ' + toString(date(c.endsAt)) AS detail
}
RETURN section, fact, value, round(percent, 1) AS percent, detail
ORDER BY place, percent DESC, fact
