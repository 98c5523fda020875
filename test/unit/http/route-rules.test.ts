import { Registry } from '@prometheus-io/client';
import { expect, test } from 'vitest';

import { Guard } from '../../../src/access/guard.ts';
import type { ApiServices } from '../../../src/http/api-services.ts';
import { createApp } from '../../../src/http/app.ts';
import { ROUTE_RULES } from '../../../src/http/route-rules.ts';
import { healthRoutes } from '../../../src/http/routes/health.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

test('every route says which scope it needs, and no rule is left over', () => {
  const services = { metrics: new Registry() } as unknown as ApiServices;
  const guard = new Guard([], [], quietLogger());
  const paths = { publicPath: '', pageFolder: '.' };
  const options = {
    ...paths,
    uploadLimits: { maxBytes: 1, leastRate: 0 },
    clientOf: () => 'address:127.0.0.1' as const,
    guard,
    allowedOrigins: [],
    settings: {},
    heartbeatMs: 1000,
  };
  const { routes } = createApp(services, healthRoutes({}, {}), options);
  const ours = routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(ours)].sort()).toEqual(Object.keys(ROUTE_RULES).sort());
});
