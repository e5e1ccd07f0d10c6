// How well what is typed fits a name: its letters in their order, best at the beginnings of words. No I/O.

/** For each letter that is found. */
const LETTER = 1;
/** For a letter right behind the one before it: more than for another word, which a long text always has. */
const RUN = 6;
/** For a letter that begins a word. */
const WORD = 5;

/** How well a text fits, and which of its characters are those that were typed. */
export type Fit = { score: number; places: number[] };

/** Returns how well `text` fits `typed`, whose spaces do not count; null when a letter is not there. */
export function fit(typed: string, text: string): Fit | null {
  const letters = [...typed.toLowerCase().replace(/\s+/g, '')];
  const characters = [...text.toLowerCase()];
  if (letters.length === 0) return { score: 0, places: [] };
  // The best score of each letter so far at each place, and the place of the letter before it.
  const rows: ({ score: number; before: number } | null)[][] = [];
  for (const [number, letter] of letters.entries()) {
    const above = rows[number - 1];
    rows.push(
      characters.map((character, place) => {
        if (character !== letter) return null;
        const own = LETTER + (place === 0 || !/[\p{L}\p{N}]/u.test(characters[place - 1]!) ? WORD : 0);
        if (!above) return { score: own, before: place };
        let best: { score: number; before: number } | null = null;
        for (let at = 0; at < place; at += 1) {
          const found = above[at];
          if (!found) continue;
          const score = found.score + (at + 1 === place ? RUN : 0) + own;
          if (!best || score >= best.score) best = { score, before: at };
        }
        return best;
      }),
    );
  }
  const last = rows.at(-1)!;
  let place = -1;
  for (const [at, found] of last.entries()) {
    if (found && (place < 0 || found.score >= last[place]!.score)) place = at;
  }
  if (place < 0) return null;
  const { score } = last[place]!;
  const places: number[] = [];
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    places.unshift(place);
    place = rows[row]![place]?.before ?? place;
  }
  return { score, places };
}

/** Returns the items whose title or name fits, the best first and of equals the shortest; all when nothing is typed. */
export function find<T extends { title: string; name: string }>(typed: string, items: readonly T[]): { item: T; places: number[] }[] {
  if (typed.trim() === '') return items.map((item) => ({ item, places: [] }));
  const found = items.flatMap((item) => {
    const [title, name] = [fit(typed, item.title), fit(typed, item.name)];
    const score = Math.max(title?.score ?? -1, name?.score ?? -1);
    return score < 0 ? [] : [{ item, places: title?.places ?? [], score }];
  });
  return found.sort((a, b) => b.score - a.score || a.item.title.length - b.item.title.length);
}
