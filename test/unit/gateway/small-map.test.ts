import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { SmallMap } from '../../../src/gateway/speed/small-map.ts';

test('it does what a Map does', () => {
  const key = fc.integer({ min: 0, max: 3 });
  const step = fc.oneof(
    fc.tuple(fc.constant('set' as const), key, fc.nat()),
    fc.tuple(fc.constant('delete' as const), key, fc.constant(0)),
    fc.tuple(fc.constant('clear' as const), key, fc.constant(0)),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const [small, map] = [new SmallMap<number, number>(), new Map<number, number>()];
      for (const [act, at, value] of steps) {
        for (const each of [small, map]) {
          if (act === 'set') each.set(at, value);
          else if (act === 'delete') each.delete(at);
          else each.clear();
        }
        expect([small.has(at), small.get(at), small.size]).toEqual([map.has(at), map.get(at), map.size]);
        expect([[...small.keys()], [...small.values()]]).toEqual([[...map.keys()], [...map.values()]]);
      }
    }),
  );
});
