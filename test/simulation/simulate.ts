import { World } from './world.ts';
import type { Report, SimulationOptions } from './options.ts';

/** One history, from its seed to the byte. */
export async function simulate(options: SimulationOptions): Promise<Report> {
  const world = new World(options);
  await world.run();
  return world.report();
}
