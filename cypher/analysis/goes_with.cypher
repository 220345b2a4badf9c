// purpose: What goes with this item: items taken by the same user in the same week, with support, confidence and lift.
// parameters: itemId STRING, minTogether INTEGER, minUsers INTEGER, limit INTEGER
// where:
//   itemId, such as "1029743": the item
//   minTogether = 20: least number of user-weeks with both
//   minUsers = 10: least number of users who took both in one week
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, category STRING, users INTEGER, together INTEGER, supportPercent FLOAT, confidencePercent FLOAT, lift FLOAT, liftLow FLOAT
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: moderate
// rows: 200
// people: minUsers
// caveats: A window is one user's week (a graph of sums has no baskets). liftLow is the lower end of the 95 % interval of
// lift, by which the list is ordered. Heavy users buy more of everything, which raises all lifts a little.
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH sum(reduce(state = [0, -1], day IN h.days | CASE WHEN (day + 3) / 7 = state[1] THEN state
                                                    ELSE [state[0] + 1, (day + 3) / 7] END)[0]) AS windows
MATCH (a:Item {itemId: $itemId})<-[r:PURCHASED]-(u:User)
WITH windows, a, collect([u, r.weeks]) AS buyers, sum(size(r.weeks)) AS ofA
UNWIND buyers AS buyer
WITH windows, a, ofA, buyer[0] AS u, buyer[1] AS weeks
MATCH (u)-[s:PURCHASED]->(b:Item)
WHERE b <> a AND s.weeks[-1] >= weeks[0] AND any(week IN s.weeks WHERE week IN weeks)
WITH windows, ofA, b, count(*) AS users, sum(size([week IN s.weeks WHERE week IN weeks])) AS together
WHERE together >= $minTogether AND users >= $minUsers
ORDER BY together DESC LIMIT 400
CALL (b) { MATCH (b)<-[t:PURCHASED]-() RETURN sum(size(t.weeks)) AS ofB }
WITH windows, ofA, ofB, b, users, together, 1.0 * together * windows / ofA / ofB AS lift
WITH *, lift * exp(-1.96 * sqrt(1.0 / together - 1.0 / windows)) AS liftLow
ORDER BY liftLow DESC, b.itemId LIMIT $limit
RETURN b.itemId AS itemId, b.title AS title, [(b)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category, users, together,
       round(100.0 * together / windows, 3) AS supportPercent, round(100.0 * together / ofA, 1) AS confidencePercent,
       round(lift, 2) AS lift, round(liftLow, 2) AS liftLow
