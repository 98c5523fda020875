/** Rooms of single roles, and of what starts them. */
const ROLES = ['http', 'worker', 'gateway', 'processor', 'keywords', 'embedded'];
/** Rooms of what roles read and write. */
const DATA = ['uploads', 'blobs', 'documents', 'processor-client', 'keywords-client'];

/**
 * Rooms that a room's files must not import, and the reason. Each room is a folder under `src/`. A room inside another
 * keeps the rules of the outer one. Data flows http → uploads → jobs → worker, and jobs → gateway.
 */
const BARRED: Record<string, { rooms: string[]; because: string }> = {
  access: {
    rooms: [...ROLES, ...DATA, 'jobs', 'installation'],
    because: 'access guards every port, so it must not import what is behind one',
  },
  installation: {
    rooms: [...ROLES, ...DATA, 'jobs'],
    because: 'installation compares the stores for all roles, so it must not import their code',
  },
  redis: {
    rooms: [...ROLES, ...DATA, 'jobs'],
    because: 'everything uses redis, so it must not import what uses it',
  },
  jobs: {
    rooms: [...ROLES, ...DATA],
    because: 'jobs serves uploads, worker, http and gateway, so it must not import them',
  },
  'jobs/model': {
    rooms: ['jobs/transitions', 'jobs/feed', 'jobs/reads'],
    because: 'the model is plain data',
  },
  'jobs/transitions': {
    rooms: ['jobs/feed', 'jobs/reads'],
    because: 'a transition writes; it must not depend on what reads',
  },
  'jobs/reads': { rooms: ['jobs/feed'], because: 'the feed is built on the reads' },
  blobs: {
    rooms: [...ROLES, 'uploads', 'documents'],
    because: 'blobs stores files, whoever uploads or reads them',
  },
  uploads: {
    rooms: [...ROLES],
    because: 'http uses uploads, not the other way round',
  },
  documents: {
    rooms: [...ROLES],
    because: 'http and worker use documents, not the other way round',
  },
  'processor-client': {
    rooms: [...ROLES],
    because: 'http and worker use the client, and any service may stand in for the processor',
  },
  'keywords-client': {
    rooms: [...ROLES],
    because: 'http and worker use the client, not the other way round',
  },
  http: {
    rooms: ['worker', 'gateway', 'processor', 'keywords', 'embedded'],
    because: 'http, gateway and worker never import each other; compose/ alone wires roles',
  },
  gateway: {
    rooms: ['worker', 'http', 'processor', 'keywords', 'embedded', 'uploads', 'blobs', 'documents'],
    because: 'http, gateway and worker never import each other; compose/ alone wires roles',
  },
  'gateway/speed': {
    rooms: ['gateway/session', 'gateway/outbox'],
    because: 'what is unusual for speed stands behind one boundary',
  },
  'gateway/outbox': { rooms: ['gateway/session'], because: 'a session owns its outbox' },
  worker: {
    rooms: ['http', 'gateway', 'processor', 'keywords', 'embedded'],
    because: 'http, gateway and worker never import each other; compose/ alone wires roles',
  },
  'worker/claim': { rooms: ['worker/run', 'worker/recovery'], because: 'a claim precedes its run' },
  'worker/run': { rooms: ['worker/recovery'], because: 'recovery repairs what a run left' },
  processor: {
    rooms: [
      'http',
      'gateway',
      'worker',
      'keywords',
      'jobs',
      'redis',
      'uploads',
      'blobs',
      'documents',
      'installation',
      'embedded',
    ],
    because: 'the processor knows nothing of jobs: any service with its contract may replace it',
  },
  keywords: {
    rooms: [...ROLES.filter((role) => role !== 'keywords'), ...DATA, 'jobs', 'redis', 'installation'],
    because: 'the index is derived: it knows nothing of jobs and of the stores that fill it',
  },
  'processor/parsers/detect': {
    rooms: ['pdf', 'ooxml', 'odf', 'epub', 'rtf', 'image', 'legacy', 'html', 'mail', 'text'].map(
      (format) => `parsers/${format}`,
    ),
    because: 'the type is known before a reader is chosen',
  },
  tokens: {
    rooms: [...ROLES, ...DATA, 'access', 'contract', 'installation', 'jobs', 'limits', 'logging', 'redis'],
    because: 'an index is compared with texts by their tokens, so these depend on the text alone',
  },
  logging: {
    rooms: [...ROLES, 'jobs', 'uploads', 'blobs', 'documents', 'installation', 'redis'],
    because: 'everything logs',
  },
};

/** What wires the rooms. Only `main.ts` and the commands import it. */
const WIRING = ['**/compose/**', '**/config.ts'];
/** Rooms in which the tenant comes from the request. */
const TENANT_OF_REQUEST = ['http', 'gateway'];

function overrideOf(room: string) {
  const outer = Object.entries(BARRED).filter(([other]) => room === other || room.startsWith(`${other}/`));
  const patterns = outer.map(([, { rooms, because }]) => ({
    group: [...rooms.map((barred) => `**/${barred.split('/').at(-1)}/**`), ...WIRING],
    message: because,
  }));
  const tenant = {
    group: ['**/redis/keys.ts'],
    importNames: ['DEFAULT_TENANT'],
    message: "the tenant comes from the request's principal",
  };
  const isTenantOfRequest = TENANT_OF_REQUEST.some((name) => outer.some(([other]) => other === name));
  const all = isTenantOfRequest ? [...patterns, tenant] : patterns;
  return {
    files: [`src/${room}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: all }] as ['error', object] },
  };
}

/** The linter's rules of all rooms. */
export const roomRules = Object.keys(BARRED).map(overrideOf);
