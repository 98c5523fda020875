import type { Route } from 'playwright-core';

import { sheet } from '../../../helpers/documents/scans.ts';
import type { TestSluice } from '../../../helpers/servers/sluice.ts';
import type { TestPage } from '../test-page.ts';
import type { Scene } from './scenes.ts';

const UPLOAD = '**/api/documents/upload';
const problem = (route: Route, status: number, title: string) =>
  route.fulfill({ status, contentType: 'application/problem+json', json: { title, code: 'as_told' } });
/** Fails the calls of the page. Its line stays. */
const failCalls = ({ page }: TestPage) =>
  page.route('**/api/{collections,documents,search,batches,jobs}{,/**,\\?*}', (route) =>
    problem(route, 503, 'The vector store does not respond'),
  );
/** Lets the calls of the page wait. */
const holdCalls = ({ page }: TestPage) =>
  page.route('**/api/{collections,documents,search}{,/**,\\?*}', () => new Promise(() => {}));
const button = ({ page }: TestPage, name: string | RegExp) => page.getByRole('button', { name }).first();
const text = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`${name} says this.`) });

/** Uploads an image, so that a scene can show it. @returns its id */
export async function ingestImage(sluice: TestSluice): Promise<string> {
  const bytes = new Uint8Array(await sheet().png().toBuffer());
  const { job_id } = await sluice.upload(new File([bytes], 'harbour-sheet.png', { type: 'image/png' }), {
    collection: 'scans',
  });
  return (await sluice.ended(job_id)).result?.document_id ?? '';
}

/**
 * Lists states that a view enters by what the user or the server does: open dialogs, failures, calls under way, no line.
 * @param scenes of the busy server, whose embedder is slow
 * @param image id of a document that is an image
 */
export function stateScenes(sluice: TestSluice, scenes: readonly Scene[], image: string): Scene[] {
  const addressOf = (name: string) => scenes.find((scene) => scene.name === name)?.address ?? '';
  const failing = ['library', 'library-collection', 'document-text', 'search', 'job-failed', 'batch-busy'];
  const waiting = ['library', 'library-collection', 'document-text', 'search'];
  return [
    {
      name: 'uploads-settings',
      address: '#/uploads',
      async act(user) {
        await user.page.getByText('More settings').click();
        await user.page.getByLabel('Collection', { exact: true }).fill('x');
        await user.page.getByLabel('Chunk size').fill('many');
        await user.page.getByLabel('Metadata').fill('no pair');
        await user.page.locator('.field-error').filter({ hasText: /\S/ }).first().waitFor();
      },
    },
    {
      name: 'uploads-sending',
      address: '#/uploads',
      async act(user) {
        let isFirst = true;
        await user.page.route(UPLOAD, (route) => {
          if (!isFirst) return new Promise(() => {});
          isFirst = false;
          return problem(route, 400, 'The file is empty');
        });
        const chosen = user.page.getByLabel('Files to upload');
        // Alone, because the page sends several files at once, in any order.
        await chosen.setInputFiles([text('empty.txt')]);
        await user.row('empty.txt', 'refused').waitFor();
        await chosen.setInputFiles(['Field notes.txt', 'Letters.txt', 'Plans.txt', 'Index.txt'].map(text));
        await button(user, 'Pause Letters.txt').click();
        await user.row('Letters.txt', 'paused').waitFor();
      },
    },
    {
      name: 'library-chosen',
      address: '#/library/default',
      async act(user) {
        await user.page.getByLabel('Choose all shown').check();
        await user.page.locator('.selection').waitFor();
      },
    },
    {
      name: 'library-undo',
      address: '#/library/default',
      async act(user) {
        await user.page.route('**/api/documents/delete', () => new Promise(() => {}));
        await button(user, /^Delete Report/).click();
        await button(user, 'Undo').waitFor();
      },
    },
    {
      name: 'library-refused',
      address: '#/library/default',
      async act(user) {
        await user.page.route('**/api/documents/delete', (route) =>
          problem(route, 403, 'The key needs the scope upload'),
        );
        await button(user, /^Delete Report/).click();
        await user.page.locator('[data-document] .field-error').waitFor();
      },
    },
    {
      name: 'dialog-delete-collection',
      address: '#/library/islands',
      act: (user) => button(user, 'Delete the collection islands').click(),
    },
    {
      name: 'dialog-embed-again',
      address: '#/library/islands',
      act: (user) => button(user, /^Embed again/).click(),
    },
    {
      name: 'dialog-metadata',
      address: addressOf('document-pdf'),
      async act(user) {
        await button(user, 'Edit the metadata').click();
        for (let i = 0; i < 2; i++) await button(user, 'Add a key').click();
        for (const field of (await user.page.getByLabel('Key', { exact: true }).all()).slice(-2))
          await field.fill('team');
        await button(user, 'Save').click();
        await user.page.locator('dialog .field-error').waitFor();
      },
    },
    {
      name: 'dialog-cancel-jobs',
      address: '#/operations',
      async act(user) {
        // The jobs of the other scenes may have ended, because the embedder was too slow for them.
        for (const name of ['First log.txt', 'Second log.txt'])
          await sluice.upload(new File([`${name} of ${Math.random()}.`], name));
        await button(user, 'Cancel all of these').click();
        await button(user, /^Cancel \d+ jobs/).waitFor();
      },
    },
    {
      name: 'dialog-retry-jobs',
      address: '#/operations?status=failed',
      async act(user) {
        await button(user, /^Retry all…/).click();
        await user.page.getByText(/job(s)? now/).waitFor();
      },
    },
    {
      name: 'document-replacing',
      address: addressOf('document-text'),
      async act(user) {
        await user.page.route(UPLOAD, () => new Promise(() => {}));
        await user.page.getByLabel(/^New version of/).setInputFiles(text('sea.md'));
        await button(user, 'Cancel the new version').waitFor();
      },
    },
    { name: 'document-image', address: `#/document/${image}?chunk=0` },
    {
      name: 'document-pdf-failing',
      address: addressOf('document-pdf'),
      async before({ page }) {
        await page.route('**/content', (route) => problem(route, 503, 'The storage is away'));
      },
      act: (user) => user.page.getByText('The original cannot be read now').waitFor(),
    },
    {
      name: 'search-around',
      address: addressOf('search'),
      async act(user) {
        await button(user, 'Show what is around it').click();
        await user.page.locator('.neighbour').first().waitFor();
      },
    },
    {
      name: 'view-failed',
      address: '#/library',
      async before({ page }) {
        await page.route('**/api/collections?*', (route) => route.fulfill({ json: {} }));
      },
      act: (user) => user.page.getByText('This view failed').waitFor(),
    },
    ...failing.map((name) => ({
      name: `${name}-failing`,
      address: addressOf(name),
      before: failCalls,
      act: (user: TestPage) => user.page.locator('.problem, .hint').first().waitFor(),
    })),
    ...waiting.map((name) => ({
      name: `${name}-loading`,
      address: addressOf(name),
      before: holdCalls,
      act: (user: TestPage) =>
        user.page.locator('main [aria-busy=true], .search-status:not(:empty)').first().waitFor(),
    })),
    ...['uploads-busy', 'operations-busy', 'job-active', 'batch-busy'].map((name) => ({
      name: `${name}-offline`,
      address: addressOf(name),
      async act(user: TestPage) {
        await user.page.context().setOffline(true);
        await user.mode('offline').waitFor();
      },
    })),
  ];
}

/** What a page shows that asks for a key. @param token of a key without the scope `dashboard` */
export const keyScenes = (token: string): Scene[] => {
  const enter = async (user: TestPage, key: string) => {
    await user.page.getByLabel('Key', { exact: true }).fill(key);
    await button(user, 'Use this key').click();
  };
  return [
    {
      name: 'key-asked',
      isLocked: true,
      address: '#/uploads',
      act: (user) => user.page.getByText('This server asks for a key.').waitFor(),
    },
    {
      name: 'key-refused',
      isLocked: true,
      address: '#/uploads',
      async act(user) {
        await enter(user, 'wrong');
        await user.page.getByText('The server does not take this key.').waitFor();
      },
    },
    {
      name: 'operations-forbidden',
      isLocked: true,
      address: '#/operations',
      async act(user) {
        await enter(user, token);
        await user.page.getByText('This key does not show operations').waitFor();
      },
    },
  ];
};
