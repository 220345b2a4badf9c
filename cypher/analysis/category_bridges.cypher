// purpose: Which categories are bridged by the same users: pairs of interests that come together more often than by chance.
// parameters: level INTEGER, minShare FLOAT, minUsers INTEGER, limit INTEGER
// where:
//   level = 2: level of the category tree, 1 is the top
//   minShare = 0.03: least share of a user's interest that counts as being interested
//   minUsers = 20: least number of users with both interests
//   limit = 20: how many pairs are returned
// returns: categoryA STRING, categoryB STRING, users INTEGER, percentOfA FLOAT, percentOfB FLOAT, lift FLOAT, liftLow FLOAT
// mode: READ
// area: neighbourhood
// cost: moderate
// rows: 500
// people: minUsers
// caveats: liftLow is the lower end of the 95 % interval of lift, by which the list is ordered. Shares of one user add up to
// 1, so that large categories push each other down.
MATCH (u:User)-[w:INTERESTED_IN]->(c:Category {level: $level})
WHERE w.share >= $minShare
WITH u, collect(c) AS interests
WITH collect(interests) AS every
WITH every, size(every) AS users
UNWIND every AS interests
UNWIND interests AS c
WITH every, users, c, count(*) AS ofC
WITH every, users, collect([c.categoryId, ofC]) AS sizes
UNWIND every AS interests
UNWIND interests AS a
UNWIND interests AS b
WITH users, sizes, a, b
WHERE a.categoryId < b.categoryId
WITH users, sizes, a, b, count(*) AS both
WHERE both >= $minUsers
WITH users, a, b, both, head([s IN sizes WHERE s[0] = a.categoryId | s[1]]) AS ofA,
     head([s IN sizes WHERE s[0] = b.categoryId | s[1]]) AS ofB
WITH *, 1.0 * both * users / ofA / ofB AS lift
WITH *, lift * exp(-1.96 * sqrt(1.0 / both - 1.0 / users)) AS liftLow
RETURN a.categoryId AS categoryA, b.categoryId AS categoryB, both AS users, round(100.0 * both / ofA, 1) AS percentOfA,
       round(100.0 * both / ofB, 1) AS percentOfB, round(lift, 2) AS lift, round(liftLow, 2) AS liftLow
ORDER BY liftLow DESC, categoryA, categoryB LIMIT $limit
