// purpose: The user at a place in the order of days with events, for a portrait.
// parameters: place INTEGER
// returns: userId STRING, visits INTEGER
// mode: READ
MATCH (u:User)-[h:HISTORY]->(:Behaviour {primary: true})
WITH u, sum(size(h.days)) AS visits
RETURN u.userId AS userId, visits
ORDER BY visits, userId SKIP $place LIMIT 1
