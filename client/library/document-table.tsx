import { hrefOf } from '../app/route.ts';
import { Icon } from '../parts/icon.tsx';
import { useNow } from '../state/use-now.ts';
import type { Document } from '../../src/contract/documents.ts';
import { kindOf, settingsOf } from '../wording/documents.ts';
import { fileSize, whole } from '../wording/numbers.ts';
import { ago, moment } from '../wording/times.ts';
import { DocumentMarks } from '../parts/document-marks.tsx';

/** Time in ms between two renderings of “5 minutes ago”. */
const MINUTE_MS = 60_000;

/**
 * Shows documents as the rows of a table. On a phone the style sheet shows rows as cards, which removes the roles of a
 * table. The markup names them, so that assistive technology keeps the table.
 */
export function DocumentTable({
  documents,
  isOfAll,
  chosen,
  refused,
  onChoose,
  onDelete,
}: {
  documents: readonly Document[];
  /** Whether the documents are of several collections. */
  isOfAll: boolean;
  chosen: ReadonlySet<string>;
  /** Why a deletion was refused, by id. */
  refused: ReadonlyMap<string, string>;
  onChoose: (ids: ReadonlySet<string>) => void;
  onDelete: (id: string) => void;
}) {
  const now = useNow(MINUTE_MS);
  const areAllChosen = documents.every(({ id }) => chosen.has(id));
  const toggle = (id: string) =>
    onChoose(new Set(chosen.has(id) ? [...chosen].filter((other) => other !== id) : [...chosen, id]));
  return (
    <table class="document-table" role="table" aria-labelledby="documents-title">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader">
            <label class="check">
              <input
                type="checkbox"
                checked={areAllChosen}
                onChange={() => onChoose(new Set(areAllChosen ? [] : documents.map(({ id }) => id)))}
              />
              <span class="check-words">Choose all shown</span>
            </label>
          </th>
          <th role="columnheader">Name</th>
          {isOfAll && <th role="columnheader">Collection</th>}
          <th role="columnheader" class="number">
            Size
          </th>
          <th role="columnheader" class="number">
            Chunks
          </th>
          <th role="columnheader">Kind</th>
          <th role="columnheader">Added</th>
          <th role="columnheader">Settings</th>
          <th role="columnheader">
            <span class="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {documents.map((document) => {
          const { id, filename, collection } = document;
          return (
            <tr key={id} role="row" data-document={id} aria-selected={chosen.has(id)}>
              <td role="cell" class="choice">
                <label class="check">
                  <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />
                  <span class="visually-hidden">Choose {filename}</span>
                </label>
              </td>
              <td role="cell" class="name">
                <a href={hrefOf('document', id)}>{filename}</a>
                <DocumentMarks document={document} refusal={refused.get(id)} />
              </td>
              {isOfAll && (
                <td role="cell" data-label="Collection">
                  <a href={hrefOf('library', collection)}>{collection}</a>
                </td>
              )}
              <td role="cell" class="number" data-label="Size">
                {fileSize(document.size)}
              </td>
              <td role="cell" class="number" data-label="Chunks">
                {whole(document.chunk_count)}
              </td>
              <td role="cell" data-label="Kind">
                {kindOf(document)}
              </td>
              <td role="cell" data-label="Added">
                <time dateTime={document.created_at} title={moment(document.created_at)}>
                  {ago(document.created_at, now)}
                </time>
              </td>
              <td role="cell" data-label="Settings">
                {settingsOf(document)}
              </td>
              <td role="cell" class="cell-actions">
                <button
                  type="button"
                  class="icon-button"
                  aria-label={`Delete ${filename}`}
                  title="Delete"
                  onClick={() => onDelete(id)}
                >
                  <Icon name="remove" />
                </button>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
