// purpose: How loyal users are to a brand within a category: who takes nearly always the same one.
// parameters: category STRING, minEvents INTEGER, loyalShare FLOAT, minUsers INTEGER
// where:
//   category, such as "GROCERY > CHEESE": this category and below it
//   minEvents = 5: only users with so many events in the category
//   loyalShare = 0.8: share of one brand from which a user is loyal to it
//   minUsers = 10: brands with fewer buyers are left out
// returns: brand STRING, buyers INTEGER, loyal INTEGER, loyalPercent FLOAT, low FLOAT, high FLOAT, events INTEGER, eventPercent FLOAT
// mode: READ
// relationship: PURCHASED
// area: people
// cost: moderate
// rows: 200
// people: minUsers
// caveats: low and high: 95 % interval of loyalPercent (Wilson).
MATCH (:Category {categoryId: $category})<-[:CHILD_OF*0..]-(:Category)<-[:IN_CATEGORY]-(i:Item)<-[r:PURCHASED]-(u:User)
WHERE i.brand IS NOT NULL
WITH u, i.brand AS brand, sum(r.count) AS events
WITH u, collect([brand, events]) AS brands, sum(events) AS total
WHERE total >= $minEvents
UNWIND brands AS entry
WITH entry[0] AS brand, count(*) AS buyers, sum(CASE WHEN 1.0 * entry[1] / total >= $loyalShare THEN 1 ELSE 0 END) AS loyal,
     sum(entry[1]) AS events
WITH collect([brand, buyers, loyal, events]) AS brands, sum(events) AS total
UNWIND brands AS b
WITH b[0] AS brand, b[1] AS buyers, b[2] AS loyal, b[3] AS events, total, 1.0 * b[2] / b[1] AS p
WHERE buyers >= $minUsers
WITH *, 1.96 * sqrt(p * (1 - p) / buyers + 0.9604 / buyers / buyers) AS wide
RETURN brand, buyers, loyal, round(100 * p, 1) AS loyalPercent,
       round(100 * (p + 1.9208 / buyers - wide) / (1 + 3.8416 / buyers), 1) AS low,
       round(100 * (p + 1.9208 / buyers + wide) / (1 + 3.8416 / buyers), 1) AS high,
       events, round(100.0 * events / total, 1) AS eventPercent
ORDER BY events DESC, brand
