// purpose: The weeks of some items with their numbers of events.
// parameters: itemIds LIST<STRING>
// returns: itemId STRING, weeks LIST<INTEGER>, counts LIST<INTEGER>
// mode: READ
// relationship: PURCHASED
UNWIND $itemIds AS wanted
MATCH (i:Item {itemId: wanted})-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
RETURN i.itemId AS itemId, h.weeks AS weeks, h.counts AS counts
