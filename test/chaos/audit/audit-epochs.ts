import { isTerminal } from '../../../src/contract/job.ts';
import type { Violation } from './audit-stores.ts';
import type { Facts } from './facts.ts';
import type { Heard, Logbook } from '../logbook.ts';
import { CHANNEL, type Watchers } from '../watchers.ts';

/** Checks what all watchers together have heard of each job, from its first state to its last. */
export function auditEpochs(logbook: Logbook): Violation[] {
  const published = logbook.jobIds().flatMap((jobId) => logbook.of(jobId).filter(isPublished));
  const lastConnection = Math.max(...published.map(({ connection }) => connection));
  if (published.length === 0) return [{ rule: 'every change is published', detail: 'nothing was' }];
  return logbook.jobIds().flatMap((jobId) => {
    const heard = logbook.of(jobId);
    const violations = [
      ...auditLastPublished(heard, lastConnection),
      ...[...Map.groupBy(heard, ({ watcher }) => watcher).values()].flatMap(auditWatcher),
      ...[...Map.groupBy(heard, ({ epoch }) => epoch).values()].flatMap(auditOneEpoch),
    ];
    // One cause shows in many places; the epoch that is printed with it tells the rest.
    return [...new Map(violations.map((violation) => [violation.rule, { ...violation, jobId }])).values()];
  });
}

const isPublished = ({ watcher }: Heard) => watcher === CHANNEL;

/** Whoever listens at the channel to the end hears no less than all others. */
function auditLastPublished(heard: readonly Heard[], lastConnection: number): Violation[] {
  const last = heard.findLast(isPublished);
  if (last?.connection !== lastConnection) return [];
  const newest = Math.max(...heard.filter(({ epoch }) => epoch === last.epoch).map(({ version }) => version));
  if (newest <= last.version) return [];
  return [
    { rule: 'every change is published', detail: `v${last.version} was the last, and v${newest} is there` },
  ];
}

/** What one watcher heard of one job, one connection after the other. */
function auditWatcher(heard: readonly Heard[]): Violation[] {
  return heard.slice(1).flatMap((state, i) => {
    const before = heard[i] as Heard;
    const detail = `${state.watcher} heard v${state.version} ${state.status} after v${before.version} ${before.status}`;
    if (state.epoch !== before.epoch) return [];
    const sameConnection = state.connection === before.connection;
    if (state.watcher.startsWith('poll')) {
      return state.version < before.version ? [{ rule: 'versions never go back', detail }] : [];
    }
    if (sameConnection && state.version <= before.version) return [{ rule: 'versions grow', detail }];
    // Across connections a state may come again, but never an older one.
    if (state.version < before.version) return [{ rule: 'versions never go back', detail }];
    if (state.watcher === CHANNEL && sameConnection && state.version !== before.version + 1)
      return [{ rule: 'every change is published', detail }];
    return [];
  });
}

/** What anybody heard of one job within one epoch. */
function auditOneEpoch(heard: readonly Heard[]): Violation[] {
  const violations: Violation[] = [];
  const states = [...heard].sort((a, b) => a.version - b.version);
  let ended: Heard | undefined;
  for (const [i, state] of states.entries()) {
    const before = states[i - 1];
    if (before?.version === state.version) {
      if (before.status !== state.status || before.run !== state.run) {
        const detail = `v${state.version} is ${before.status} to ${before.watcher}, ${state.status} to ${state.watcher}`;
        violations.push({ rule: 'one version, one state', detail });
      }
      continue;
    }
    if (before && state.run < before.run) {
      violations.push({
        rule: 'runs grow',
        detail: `v${state.version} is run ${state.run} after run ${before.run}`,
      });
    }
    if (ended?.run === state.run) {
      const detail = `run ${state.run} was ${ended.status} at v${ended.version}, then ${state.status} at v${state.version}`;
      violations.push({ rule: 'terminal is final', detail });
    }
    if (isTerminal(state.status)) ended = state;
  }
  return violations;
}

/** Checks that everybody who watches has been told the last word by now, in the bytes that polling answers. */
export function auditLastWords(watchers: Watchers, facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const [jobId, found] of facts.jobs) {
    const single = watchers.single.get(jobId);
    const rule = 'watchers are told the end';
    if (single && found && !single.done)
      violations.push({ rule, jobId, detail: `${single.name} still waits` });
    for (const watcher of watchers.everyJob) {
      const last = JSON.stringify(watcher.last.get(jobId));
      // Nobody was told the id of an upload that was cut off: so nobody watches it.
      if (!found || !watchers.watches(jobId) || last === found.json) continue;
      violations.push({ rule, jobId, detail: `${watcher.name} has ${last}, polling ${found.json}` });
    }
  }
  for (const { name, members } of watchers.active) {
    for (const jobId of members) {
      violations.push({ rule: 'ended jobs leave the channel', jobId, detail: `${name} still shows it` });
    }
  }
  return violations;
}
