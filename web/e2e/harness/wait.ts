// Waits. Each names what it waits for and has a limit.

/** Longer than anything takes that goes well on a loaded machine. */
export const LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 25;

/** Looks until there is something, and returns it. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limit = LIMIT_MS,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not within ${limit / 1000} s: ${what}`);
    await new Promise((next) => setTimeout(next, LOOK_EVERY_MS));
  }
}

/** Looks until something is as expected; when it never is, the error tells how it was last. */
export async function becomes<T>(what: string, look: () => T | Promise<T>, is: (value: T) => boolean, limit = LIMIT_MS): Promise<T> {
  let last: T | undefined;
  try {
    return await until(what, async () => ((last = await look()), is(last) ? { last } : null), limit).then((found) => found.last);
  } catch (error) {
    throw new Error(`${(error as Error).message}; it is ${JSON.stringify(last)?.slice(0, 2_000)}`);
  }
}
