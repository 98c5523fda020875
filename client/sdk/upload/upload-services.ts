import type { KeySource } from '../key-source.ts';
import type { LineKeeper } from '../link/line-keeper.ts';
import type { Requester } from '../requester.ts';
import type { Hub } from '../watch/hub.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';
import type { Slots } from './slots.ts';

/** Services that the uploads of a client share. */
export interface UploadServices {
  requester: Requester;
  keys: KeySource;
  hub: Hub;
  line: Pick<LineKeeper, 'onUp'>;
  slots: Slots;
  idempotency: IdempotencyKeys;
}
