import {
  operationsPageSchema,
  operationsQuerySchema,
  problemSchema,
} from '#shared/contract/api.ts';
import { askOperations, askStanding } from '#shared/store/ask-book.ts';
import type { App } from '../app.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { asOf, operationItem } from '../items.ts';
import type { ApiParts } from './api.ts';

const list = 'scale-operations';

/** Who changed which size, how that is known, and what became of it. */
export function addOperationRoutes(app: App, { db, guard, callerOf }: ApiParts): void {
  app.get('/v1/scale-operations', {
    schema: {
      summary: 'Operations on the size of sets, the newest first',
      tags: ['history'],
      security: [{ token: [] }],
      querystring: operationsQuerySchema,
      response: { 200: operationsPageSchema, default: problemSchema },
    },
    handler: async (request) => {
      const { cursor, limit, cause, namespace, kind, name, ...period } = request.query;
      await guard.demand(callerOf(request), { verb: 'list', namespace, kind, name });
      const [before] = cursor === undefined ? [] : readCursor(list, cursor, ['number']);
      const standing = await askStanding(db);
      const rows = await askOperations(db, {
        ...{ namespace, kind, name, ...period, operation: cause },
        ...(before === undefined ? {} : { before: Number(before) }),
        limit: limit + 1,
      });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(operationItem),
        ...(last && { next: writeCursor(list, [last.id]) }),
        asOf: asOf(standing),
      };
    },
  });
}
