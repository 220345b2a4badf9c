// purpose: The weeks of some items with their numbers of events.
// parameters: itemIds LIST<STRING>, behaviour STRING
// returns: itemId STRING, weeks LIST<INTEGER>, counts LIST<INTEGER>
// mode: READ
UNWIND $itemIds AS wanted
MATCH (i:Item {itemId: wanted})-[h:HISTORY]->(:Behaviour {name: $behaviour})
RETURN i.itemId AS itemId, h.weeks AS weeks, h.counts AS counts
