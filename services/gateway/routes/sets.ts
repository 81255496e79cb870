import {
  problemSchema,
  setAnswerSchema,
  setPathSchema,
  setsPageSchema,
  setsQuerySchema,
} from '#shared/contract/api.ts';
import { askOperations, askSets, askStanding } from '#shared/store/ask-book.ts';
import type { App } from '../app.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { asOf, operationItem, setItem } from '../items.ts';
import { HttpProblem } from '../problem.ts';
import type { ApiParts } from './api.ts';

const list = 'sets';

/** Sets as the book knows them: their size, their members, whether they are held and why. */
export function addSetRoutes(app: App, { db, guard, callerOf }: ApiParts): void {
  app.get('/v1/sets', {
    schema: {
      summary: 'Sets, by namespace, kind and name',
      tags: ['sets'],
      security: [{ token: [] }],
      querystring: setsQuerySchema,
      response: { 200: setsPageSchema, default: problemSchema },
    },
    handler: async (request) => {
      const { cursor, limit, ...scope } = request.query;
      await guard.demand(callerOf(request), { verb: 'list', ...scope });
      const place = cursor === undefined ? undefined : placeIn(cursor);
      // Asked before the rows, so that no answer is older than it says.
      const standing = await askStanding(db);
      const rows = await askSets(db, {
        ...scope,
        ...(place === undefined ? {} : { after: place }),
        limit: limit + 1,
      });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(setItem),
        ...(last && { next: writeCursor(list, [last.namespace, last.set_kind, last.set_name]) }),
        asOf: asOf(standing),
      };
    },
  });

  app.get('/v1/sets/:namespace/:kind/:name', {
    schema: {
      summary: 'One set, with the newest operation on its size',
      tags: ['sets'],
      security: [{ token: [] }],
      params: setPathSchema,
      response: { 200: setAnswerSchema, default: problemSchema },
    },
    handler: async (request) => {
      const { params } = request;
      await guard.demand(callerOf(request), { verb: 'get', ...params });
      const standing = await askStanding(db);
      const [row] = await askSets(db, { ...params, limit: 1 });
      if (row === undefined) {
        throw new HttpProblem(404, 'The book knows no living set of this name.');
      }
      const [latest] = await askOperations(db, { setUid: row.set_uid, limit: 1 });
      return {
        set: setItem(row),
        lastOperation: latest === undefined ? null : operationItem(latest),
        asOf: asOf(standing),
      };
    },
  });
}

function placeIn(cursor: string) {
  const [namespace, kind, name] = readCursor(list, cursor, ['string', 'string', 'string']);
  return { namespace: String(namespace), kind: String(kind), name: String(name) };
}
