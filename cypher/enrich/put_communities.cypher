// purpose: Communities; level 1 is the upper one, size counts users and items.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (c:Community {communityId: row.communityId})
SET c.level = row.level, c.label = row.label, c.size = row.size, c.users = row.users, c.items = row.items
