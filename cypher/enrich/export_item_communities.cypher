// purpose: The community of every item, those of both levels before, and the number of the enrichment that moved the item.
// parameters: none
// returns: itemId STRING, communityId STRING, communityBefore STRING, upperBefore STRING, communityRun INTEGER
// mode: READ
MATCH (i:Item)
RETURN i.itemId AS itemId, i.communityId AS communityId, i.communityBefore AS communityBefore,
       i.upperBefore AS upperBefore, i.communityRun AS communityRun
