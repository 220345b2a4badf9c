// purpose: What enrich wrote on items.
// parameters: none
// returns: itemId STRING, trend FLOAT, trendAt INTEGER, buyers INTEGER, repeatRate FLOAT, communityId STRING, communityBefore STRING, upperBefore STRING, communityRun INTEGER
// mode: READ
MATCH (i:Item)
RETURN i.itemId AS itemId, i.trend AS trend, i.trendAt.epochMillis AS trendAt, i.buyers AS buyers,
       i.repeatRate AS repeatRate, i.communityId AS communityId, i.communityBefore AS communityBefore,
       i.upperBefore AS upperBefore, i.communityRun AS communityRun
