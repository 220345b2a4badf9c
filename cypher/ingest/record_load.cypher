// purpose: Count recorded events on a Load node of their own.
// parameters: loadId STRING, events INTEGER, firstAt INTEGER, lastAt INTEGER, at INTEGER
// returns: none
// mode: WRITE
MERGE (l:Load {loadId: $loadId})
ON CREATE SET l.source = 'record', l.title = 'Recorded events', l.status = 'complete', l.route = 'record',
  l.startedAt = datetime({epochMillis: $at}), l.contentHash = '', l.filesHash = '', l.files = [], l.rows = 0,
  l.events = 0, l.rejected = 0, l.users = 0, l.items = 0, l.categories = 0, l.edges = 0,
  l.sinceMs = 0, l.untilMs = 0, l.firstEventAt = datetime({epochMillis: $firstAt}),
  l.lastEventAt = datetime({epochMillis: $lastAt})
SET l.rows = l.rows + $events, l.events = l.events + $events, l.endedAt = datetime({epochMillis: $at}),
    l.firstEventAt = CASE WHEN l.firstEventAt.epochMillis <= $firstAt THEN l.firstEventAt
                          ELSE datetime({epochMillis: $firstAt}) END,
    l.lastEventAt = CASE WHEN l.lastEventAt.epochMillis >= $lastAt THEN l.lastEventAt
                         ELSE datetime({epochMillis: $lastAt}) END
