import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than 20 s, the longest first. Started late, each would keep one core busy while the other idles. */
const LONGEST: readonly string[] = [
  'integration/processor/processor.test.ts',
  'integration/processor/children.test.ts',
  'integration/embedded/damaged-stores.test.ts',
  'integration/processor/bombs.test.ts',
  'integration/blobs/storage-faults.test.ts',
  'integration/processor/requests.test.ts',
  'integration/processor/hostile.test.ts',
  'integration/embedded/supervisor.test.ts',
  'integration/redis/redis-failover.test.ts',
  'integration/backup/backup.test.ts',
  'integration/worker/checkpoints.test.ts',
  'integration/installation/installation.test.ts',
  'integration/gateway/admission.test.ts',
  'integration/processor/pool.test.ts',
  'e2e/jobs/faults.test.ts',
  'e2e/client/page-reconnect.test.ts',
];

/** Starts long files first also in a fresh clone, where vitest knows no durations and goes by the files' sizes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = (file: TestSpecification) => file.project.config.sequence.groupOrder;
    const rank = (file: TestSpecification) => {
      const index = LONGEST.indexOf(relative(import.meta.dirname, file.moduleId));
      return index === -1 ? LONGEST.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}
