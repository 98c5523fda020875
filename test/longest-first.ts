import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than 20 s, the longest first. Started late, each would keep one core busy while the other idles. */
const LONGEST: readonly string[] = [
  'integration/processor/children.test.ts',
  'integration/processor/ocr.test.ts',
  'integration/processor/processor.test.ts',
  'integration/embedded/supervisor.test.ts',
  'integration/worker/checkpoints.test.ts',
  'integration/processor/bombs.test.ts',
  'integration/documents/reembed/reembed.test.ts',
  'integration/compose/services-away.test.ts',
  'integration/installation/installation.test.ts',
  'integration/redis/redis-failover.test.ts',
  'e2e/sdk/sdk.test.ts',
  'e2e/client/library/deletions.test.ts',
  'e2e/stores/deleted-collection.test.ts',
  'e2e/client/document/document.test.ts',
  'e2e/client/document/pdf.test.ts',
  'e2e/client/upload-list.test.ts',
  'e2e/jobs/faults.test.ts',
  'e2e/sdk/browser.test.ts',
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
