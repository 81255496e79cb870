import { existsSync, rmSync } from 'node:fs';
import { lockFolder } from './lock.mjs';
import { removeOutsideBelow } from './passable-folder.mjs';
import { pathsOf, shownPath } from './paths.mjs';
import { stopLeftovers } from './process-table.mjs';
import { launch, Refusal, say } from './say.mjs';

await launch(async () => {
  const paths = pathsOf(process.env);
  const folder = shownPath(paths.home);
  if (!existsSync(paths.home)) return say(`There is no ${folder}; nothing to remove.`);
  // Any folder can be named by ROLLCALL_HOME; only one that a start has made is removed.
  if (!existsSync(paths.run) || !existsSync(paths.secrets)) {
    throw new Refusal(`${folder} was not made by \`npm start\`; it is left as it is.`);
  }
  if (!(await lockFolder(paths.home))) {
    throw new Refusal(`Rollcall runs with the data in ${folder}; stop it with Ctrl-C, then reset.`);
  }
  await stopLeftovers(paths);
  removeOutsideBelow(paths.home);
  rmSync(paths.home, { recursive: true, force: true });
  say(`removed ${folder}`);
});
