import type { Position, Positions } from './position.ts';

/** Somebody has said that the cluster was really set back, and that the log may follow it. */
export type Rewind = {
  /** Another one for each time that it is said. */
  readonly id: string;
  /** Milliseconds since 1970, by the clock of whoever said it. */
  readonly askedAt: number;
  /** As whoever said it names himself; nobody has proven it. */
  readonly by: string;
};

/*
 * Two keys beside the readers' positions, each with one writer: the command line says `rewind`, the watcher
 * answers `rewound` with the same id. They have the form of positions: id, time, name.
 */
const asked = 'rewind';
const answered = 'rewound';

/** Says that the cluster was set back. Nothing is told to the log here: the watcher does that. */
export async function askRewind(positions: Positions, rewind: Rewind): Promise<void> {
  await positions.save(asked, toPosition(rewind));
}

/** The newest one that was asked for and that no watcher has carried out yet. */
export async function openRewind(positions: Positions): Promise<Rewind | undefined> {
  const [question, answer] = await Promise.all([positions.load(asked), positions.load(answered)]);
  return question === undefined || question.lineage === answer?.lineage
    ? undefined
    : fromPosition(question);
}

/** Says that the log has been told. A watcher that dies before this tells it again, which is harmless. */
export async function answerRewind(positions: Positions, rewind: Rewind): Promise<void> {
  await positions.save(answered, toPosition(rewind));
}

function toPosition({ id, askedAt, by }: Rewind): Position {
  return { lineage: id, sequence: askedAt, hash: by };
}

function fromPosition({ lineage, sequence, hash }: Position): Rewind {
  return { id: lineage, askedAt: sequence, by: hash ?? 'unknown' };
}
