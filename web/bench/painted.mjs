// When a page is painted. What judges runs in the page itself, once a frame, and sees nothing of this file.

const LIMIT_MS = 60_000;

/** Goes to an address, and returns the milliseconds from then on until the page is as it should be and that was put on the screen. */
export async function painted(page, address, isPainted, last) {
  await page.goto(address, { waitUntil: 'commit' });
  const handle = await page.waitForFunction(isPainted, last, { polling: 'raf', timeout: LIMIT_MS });
  return handle.jsonValue();
}

/**
 * Every panel that is shown has what it is there for: the charts their candles and their line, the session the newest cell's
 * output and its editor, the table its rows, the ticket its button; and the account its equity.
 */
export function isOursPainted(last) {
  const looks = getComputedStyle(document.documentElement);
  const has = (selector) => document.querySelector(selector) !== null;

  /** Whether something is drawn in a panel in one of the colours of gains and losses: axes and grids have others. */
  function isDrawn(panel) {
    const colours = ['--good', '--bad'].map((name) => Number.parseInt(looks.getPropertyValue(name).trim().slice(1), 16));
    return [...document.querySelectorAll(`#panel-${panel} canvas`)].some((canvas) => {
      if (canvas.width === 0 || canvas.height === 0) return false;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let place = 0; place < data.length; place += 4) {
        if (data[place + 3] === 255 && colours.includes((data[place] << 16) | (data[place + 1] << 8) | data[place + 2])) return true;
      }
      return false;
    });
  }

  const isThere =
    has('.link.good') &&
    /\d/.test(document.querySelector('[aria-label=Account] b')?.textContent ?? '') &&
    has('#panel-positions tbody tr') &&
    has('#panel-ticket button.review') &&
    has('#panel-session .cm-content') &&
    document.querySelector('#panel-session [role=log]').textContent.includes(last) &&
    isDrawn('chart') &&
    isDrawn('equity');
  // The next frame begins when this one is on the screen.
  return isThere && new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
}

/** The terminal has got its first bytes: what can be known of it from outside, and less than what is asked of ours. */
export function isTheirsPainted() {
  const isThere = document.body?.classList.contains('-first-byte');
  return isThere && new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
}
