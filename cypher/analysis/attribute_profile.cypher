// purpose: Which kinds of users (income, age, household) take more of a category than the others.
// parameters: attribute STRING, category STRING, minUsers INTEGER
// where:
//   attribute = "income", such as "householdSize": an attribute of users
//   category, such as "DRUG GM > BABY FOODS": this category and below it
//   minUsers = 10: smaller groups are left out
// returns: value STRING, users INTEGER, buyers INTEGER, buyerPercent FLOAT, low FLOAT, high FLOAT, events INTEGER, eventsPerUser FLOAT, index FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 200
// people: minUsers
// caveats: index is the share of buyers over that of all users with the attribute, 100 is average; low and high: 95 % interval of
// buyerPercent (Wilson). Users without the attribute are left out.
MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)<-[r:PURCHASED]-(u:User)
WITH u, sum(r.count) AS events
WITH collect(u) AS takers, collect([u, events]) AS found
MATCH (u:User)
WHERE u[$attribute] IS NOT NULL
WITH found, toString(u[$attribute]) AS value, count(u) AS users, collect(u) AS members
WITH found, value, users, members
CALL (found, members) {
  UNWIND found AS entry
  WITH entry, members WHERE entry[0] IN members
  RETURN count(*) AS buyers, sum(entry[1]) AS events
}
WITH collect([value, users, buyers, events]) AS groups, sum(users) AS everyone, sum(buyers) AS allBuyers
UNWIND groups AS g
WITH g[0] AS value, g[1] AS users, g[2] AS buyers, g[3] AS events, 1.0 * g[2] / g[1] AS p, 1.0 * allBuyers / everyone AS mean
WHERE users >= $minUsers AND mean > 0
WITH *, 1.96 * sqrt(p * (1 - p) / users + 0.9604 / users / users) AS wide
RETURN value, users, buyers, round(100 * p, 1) AS buyerPercent,
       round(100 * (p + 1.9208 / users - wide) / (1 + 3.8416 / users), 1) AS low,
       round(100 * (p + 1.9208 / users + wide) / (1 + 3.8416 / users), 1) AS high,
       events, round(1.0 * events / users, 2) AS eventsPerUser, round(100 * p / mean, 0) AS index
ORDER BY index DESC, value
