import { Child } from './child.mjs';
import { during, say } from './say.mjs';

/**
 * Starts parts as soon as those that they name in `after` are ready, and stops each when those that
 * came after it have stopped.
 */
export class Fleet {
  #parts;
  #children;
  #stopped;

  constructor(parts, paths) {
    this.#parts = parts;
    this.#children = new Map(parts.map((part) => [part.name, new Child(part, paths)]));
  }

  /** Resolves when all are ready; when one fails the others are stopped, and its failure is thrown. */
  async start() {
    const ready = new Map();
    for (const part of this.#parts) {
      const before = part.after.map((name) => ready.get(name));
      ready.set(part.name, this.#startAfter(part, before));
    }
    try {
      await Promise.all(ready.values());
    } catch (error) {
      if (this.#stopped === undefined) say('\nstopping again, as not all of it could be started');
      await this.stop();
      throw error;
    }
  }

  async #startAfter(part, before) {
    await Promise.all(before);
    await during(part.name, () => this.#child(part.name).start());
  }

  /** Asked twice, it is the same stop. */
  stop() {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll() {
    const stopped = new Map();
    for (const part of this.#parts.toReversed?.() ?? [...this.#parts].reverse()) {
      const later = this.#parts.filter((other) => other.after.includes(part.name));
      const waits = later.map((other) => stopped.get(other.name));
      stopped.set(
        part.name,
        Promise.all(waits).then(() => this.#child(part.name).stop()),
      );
    }
    await Promise.all(stopped.values());
  }

  kill() {
    for (const child of this.#children.values()) child.kill();
  }

  #child(name) {
    return this.#children.get(name);
  }
}
