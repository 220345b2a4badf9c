// purpose: How many users found their way into a category lately, what they took first, and how many came back.
// parameters: category STRING, days INTEGER, minUsers INTEGER, asOf DATETIME, limit INTEGER
// where:
//   category, such as "GROCERY > COLD CEREAL": this category and below it
//   days = 56: length of the period
//   minUsers = 5: items with fewer newcomers are left out
//   asOf = null, such as "2017-10-01": its end
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, newcomers INTEGER, percentOfNewcomers FLOAT, allNewcomers INTEGER, cameAgain INTEGER, cameAgainPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 200
// people: minUsers
// caveats: A newcomer has no event in the category before the period. cameAgain: newcomers of that item with events in the
// category in more than one week.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest) AS now
MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)<-[r:PURCHASED]-(u:User)
WHERE r.firstAt <= now
WITH now, u, collect([r.firstAt, i]) AS taken, min(r.firstAt) AS first, min(r.weeks[0]) AS firstWeek, max(r.weeks[-1]) AS lastWeek
WHERE first > now - duration({days: $days})
WITH collect([u, [entry IN taken WHERE entry[0] = first | entry[1]], lastWeek > firstWeek]) AS found
WITH found, size(found) AS everyone
UNWIND found AS f
UNWIND f[1] AS i
WITH everyone, i, count(*) AS newcomers, sum(CASE WHEN f[2] THEN 1 ELSE 0 END) AS again
WHERE newcomers >= $minUsers
RETURN i.itemId AS itemId, i.title AS title, newcomers, round(100.0 * newcomers / everyone, 1) AS percentOfNewcomers,
       everyone AS allNewcomers, again AS cameAgain, round(100.0 * again / newcomers, 1) AS cameAgainPercent
ORDER BY newcomers DESC, itemId LIMIT $limit
