import { problemSchema, volumesPageSchema, volumesQuerySchema } from '#shared/contract/api.ts';
import { askStanding, askVolumes } from '#shared/store/ask-book.ts';
import type { App } from '../app.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { asOf, volumeItem } from '../items.ts';
import type { ApiParts } from './api.ts';

const list = 'deleted-volumes';

/** Which disks were endangered or went, because of what, and by whose doing. */
export function addVolumeRoutes(app: App, { db, guard, callerOf }: ApiParts): void {
  app.get('/v1/deleted-volumes', {
    schema: {
      summary: 'Disks that a command endangered or that went by themselves, the newest first',
      tags: ['history'],
      security: [{ token: [] }],
      querystring: volumesQuerySchema,
      response: { 200: volumesPageSchema, default: problemSchema },
    },
    handler: async (request) => {
      const { cursor, limit, kept, namespace, kind, name, ...filters } = request.query;
      await guard.demand(callerOf(request), { verb: 'list', namespace, kind, name });
      const [before] = cursor === undefined ? [] : readCursor(list, cursor, ['number']);
      const standing = await askStanding(db);
      const rows = await askVolumes(db, {
        ...{ namespace, kind, name, ...filters, kept: kept === 'true' },
        ...(before === undefined ? {} : { before: Number(before) }),
        limit: limit + 1,
      });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(volumeItem),
        ...(last && { next: writeCursor(list, [last.number]) }),
        asOf: asOf(standing),
      };
    },
  });
}
