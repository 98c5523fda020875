import { Queue, QueueEvents, Worker } from 'bullmq';

import { serveSide } from './side.ts';
import { PAYLOAD, REPORTS } from './workload.ts';

/** BullMQ's side, as its own documentation sets it up. Plain JavaScript: it is installed only for the benchmark. */

const NAME = 'document_upload';

serveSide({
  async openWeb(url, { progress, completed }) {
    const connection = { url };
    const queue = new Queue(NAME, { connection });
    const events = new QueueEvents(NAME, { connection });
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
    events.on('progress', progress);
    events.on('completed', ({ jobId }) => completed(jobId));
    return {
      async enqueue() {
        const job = await queue.add('document_upload', PAYLOAD);
        return job.id;
      },
      async close() {
        await Promise.all([events.close(), queue.close()]);
      },
    };
  },

  async openWorker(url, concurrency, reporting, started) {
    const run = async (job) => {
      started(job.id);
      if (reporting === 'at once') await Promise.all(REPORTS.map((report) => job.updateProgress(report)));
      else for (const report of REPORTS) await job.updateProgress(report);
      return { document_id: job.id, chunk_count: 12, collection: job.data.collection };
    };
    const worker = new Worker(NAME, run, { connection: { url }, concurrency, autorun: false });
    await worker.waitUntilReady();
    return {
      start() {
        void worker.run();
      },
      async close() {
        await worker.close();
      },
    };
  },
});
