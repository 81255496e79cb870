import { resourceVersionSchema } from '#shared/contract/ids.ts';
import { writerSchema } from '#shared/contract/objects.ts';
import { fieldsOf, textOf } from '#shared/lib/loose.ts';
import type { Fields } from '#shared/lib/loose.ts';
import type { Attribution, Evidence } from './rows.ts';
import { gradeOf } from './words.ts';

/** What is known of a change, read back from its column. */
export function evidenceFrom(text: string): Evidence {
  const fields = fieldsOf(JSON.parse(text));
  const writer = writerSchema.safeParse(fields['writer']).data;
  const after = resourceVersionSchema.safeParse(fields['after']).data;
  const { missed, deletedAt, generation } = fields;
  return {
    otherwise: attributionFrom(fieldsOf(fields['otherwise'])),
    ...(writer === undefined ? {} : { writer }),
    ...(after === undefined ? {} : { after }),
    ...(typeof missed === 'number' ? { missed } : {}),
    ...(typeof generation === 'number' ? { generation } : {}),
    ...(typeof deletedAt === 'string' ? { deletedAt } : {}),
  };
}

function attributionFrom({ actor, grade, how }: Fields): Attribution {
  return {
    ...(typeof actor === 'string' ? { actor } : {}),
    grade: gradeOf(textOf(grade)),
    how: textOf(how),
  };
}
