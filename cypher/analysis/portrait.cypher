// purpose: Who this user is, on one page: interests, rhythm, price level, brands, channels, communities, campaigns.
// parameters: userId STRING, asOf DATETIME
// where:
//   userId, such as "1228": the user
//   asOf = null, such as "2017-12-01": the moment from which days are counted back
// returns: section STRING, fact STRING, value STRING, percent FLOAT, detail STRING
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 200
// caveats: Price level: price of the user's items over the mean price of their category, 1 is average; the price of an item is
// the one last paid by anyone.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
MATCH (u:User {userId: $userId})
WITH u, coalesce(datetime($asOf), latest) AS now
CALL (u, now) {
  MATCH (u)-[w:INTERESTED_IN]->(c:Category)
  WHERE c.level <= 2
  WITH c, w ORDER BY c.level, w.share DESC, c.categoryId
  WITH c.level AS level, collect([c, w])[..5] AS best
  UNWIND best AS entry
  RETURN 1 AS place, 'interests' AS section, entry[0].categoryId AS fact, 'level ' + level AS value,
         100 * entry[1].share AS percent, 'share of the interest on its level' AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WITH now, h.days AS days, h.values AS values
  WITH now, days, values, [k IN range(1, size(days) - 1) | days[k] - days[k - 1]] AS gaps, size(days) AS visits
  CALL (days) {
    UNWIND days AS day
    WITH (day + 3) % 7 AS weekday, count(*) AS times ORDER BY times DESC, weekday LIMIT 1
    RETURN ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][weekday] + ', ' + times + ' visits' AS favourite
  }
  UNWIND [
    ['visits', toString(visits), 'days with an event, since ' + toString(date('1970-01-01') + duration({days: days[0]}))],
    ['last visit', toString(date('1970-01-01') + duration({days: days[-1]})),
     toString(now.epochMillis / 86400000 - days[-1]) + ' days ago'],
    ['days between visits', CASE WHEN size(gaps) > 0 THEN toString(COLLECT { UNWIND gaps AS gap RETURN gap ORDER BY gap }[size(gaps) / 2]) END, 'median'],
    ['favourite weekday', favourite, 'UTC'],
    ['spend', toString(round(reduce(total = 0.0, value IN values | total + value), 2)), 'sum of the values of all events'],
    ['spend a visit', toString(round(reduce(total = 0.0, value IN values | total + value) / visits, 2)), 'mean']
  ] AS entry
  RETURN 2 AS place, 'rhythm' AS section, entry[0] AS fact, entry[1] AS value, null AS percent, entry[2] AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[r:PURCHASED]->(i:Item)-[:IN_CATEGORY]->(c:Category)
  WHERE i.price > 0
  WITH c, sum(r.count) AS events, sum(r.count * i.price) / sum(r.count) AS own ORDER BY events DESC LIMIT 20
  WITH c, events, own, COLLECT { MATCH (c)<-[:IN_CATEGORY]-(j:Item) WHERE j.price > 0 RETURN j.price } AS prices
  WITH sum(events) AS events, sum(events * own * size(prices) / reduce(total = 0.0, price IN prices | total + price)) AS level
  WHERE events > 0
  RETURN 3 AS place, 'price level' AS section, 'price over mean of category' AS fact, toString(round(level / events, 2)) AS value,
         null AS percent, 'over ' + events + ' events in the 20 categories with most' AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WITH i.brand AS brand, sum(r.count) AS events
  WITH collect([brand, events]) AS brands, sum(events) AS total
  UNWIND brands AS entry
  WITH entry, total WHERE entry[0] IS NOT NULL
  ORDER BY entry[1] DESC LIMIT 3
  RETURN 4 AS place, 'brands' AS section, entry[0] AS fact, toString(entry[1]) AS value, 100.0 * entry[1] / total AS percent,
         'events, of ' + total AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[h:HISTORY]->(b:Behaviour)
  RETURN 5 AS place, 'channels' AS section, b.name AS fact, toString(reduce(total = 0, n IN h.counts | total + n)) AS value,
         null AS percent, 'events' AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..1]->(m:Community)
  RETURN 6 AS place, 'communities' AS section, coalesce(m.label, m.communityId) AS fact, m.communityId AS value, null AS percent,
         'level ' + m.level + ', ' + m.users + ' users' AS detail
  UNION ALL
  WITH u, now
  MATCH (u)-[:RECEIVED]->(c:Campaign)
  OPTIONAL MATCH (u)-[x:REDEEMED]->(c)
  WITH count(c) AS received, count(x) AS redeemed, sum(x.count) AS coupons
  RETURN 7 AS place, 'campaigns' AS section, 'campaigns redeemed' AS fact, redeemed + ' of ' + received AS value,
         CASE WHEN received > 0 THEN 100.0 * redeemed / received END AS percent, coupons + ' coupons' AS detail
}
RETURN section, fact, value, round(percent, 1) AS percent, detail
ORDER BY place, percent DESC, fact
