// purpose: Take the lock on the Load node that recorded events are counted on. Returns what recording has to wait for,
// the parts of the ledger of the loader and period (epoch milliseconds), how many small parts there are, and before
// which moment events are no longer recognised.
// The first recorder takes the lock of the books (ingest/lock_books), since who begins to write cannot see its node yet.
// parameters: loadId STRING, source STRING, behaviours LIST<STRING>, firstAt INTEGER, lastAt INTEGER, at INTEGER
// returns: busy LIST<STRING>, partIds LIST<STRING>, small INTEGER, horizon INTEGER
// mode: WRITE
OPTIONAL MATCH (before:Load {loadId: $loadId})
FOREACH (none IN CASE WHEN before IS NULL THEN [true] ELSE [] END | MERGE (lock:LoadBatch {batchId: 'lock'}) DELETE lock)
MERGE (l:Load {loadId: $loadId})
ON CREATE SET l.source = $source, l.title = 'Recorded events', l.status = 'complete', l.route = 'record',
  l.startedAt = datetime.fromEpochMillis($at), l.contentHash = '', l.filesHash = '', l.files = [], l.rows = 0,
  l.events = 0, l.duplicates = 0, l.outside = 0, l.rejected = 0, l.users = 0, l.items = 0, l.categories = 0,
  l.edges = 0, l.sinceMs = 0, l.untilMs = 0, l.firstEventAt = datetime.fromEpochMillis($firstAt),
  l.lastEventAt = datetime.fromEpochMillis($lastAt)
SET l.endedAt = datetime.fromEpochMillis($at)
WITH l
SET l.firstEventAt = CASE WHEN l.firstEventAt.epochMillis <= $firstAt THEN l.firstEventAt
                          ELSE datetime.fromEpochMillis($firstAt) END,
    l.lastEventAt = CASE WHEN l.lastEventAt.epochMillis >= $lastAt THEN l.lastEventAt
                         ELSE datetime.fromEpochMillis($lastAt) END
WITH l
RETURN
  COLLECT {
    MATCH (o:Load)
    WHERE o.status = 'unloading'
      OR (o.status = 'writing' AND (o.source = $source OR any(name IN $behaviours WHERE name IN o.creates)))
    RETURN o.loadId ORDER BY o.loadId
  } AS busy,
  COLLECT {
    MATCH (p:LogPart)
    WHERE p.kind = 'events' AND p.source = $source AND p.firstMs <= $lastAt AND p.lastMs >= $firstAt
    RETURN p.partId
  } AS partIds,
  COUNT { MATCH (p:LogPart {loadId: $loadId}) WHERE p.level = 0 } AS small,
  reduce(latest = null, o IN COLLECT {
    MATCH (o:Load {source: $source})
    WHERE o.compactedMs IS NOT NULL
    RETURN o.compactedMs
  } | CASE WHEN latest >= o THEN latest ELSE o END) AS horizon
