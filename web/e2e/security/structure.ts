// What must not be in the page: elements and attributes that only a text which was taken for HTML could have made.

import type { Page } from 'playwright-core';

/**
 * Returns what was made of texts, in the page or, for a trial of this very check, in a text that nobody cleaned. Nothing of
 * ours has a handler in an attribute, or an element that loads or runs something from elsewhere.
 */
export function madeOfTexts(page: Page, uncleaned: string | null = null): Promise<string[]> {
  return page.evaluate((uncleaned) => {
    const root = uncleaned === null ? document : new DOMParser().parseFromString(uncleaned, 'text/html');
    const RUNS = /^(script|iframe|frame|object|embed|base|meta|form|link|style|template|marquee|audio|video|math|title)$/i;
    const LOADS = /^(href|src|srcset|srcdoc|action|formaction|xlink:href|data|poster|background|ping|style)$/i;
    const known = new Set(uncleaned === null ? (window.known ?? []) : []);
    const found: string[] = [];
    for (const element of root.querySelectorAll('*')) {
      // Parts of the page that are loaded when they are needed bring their own.
      const isOurs = element instanceof HTMLLinkElement ? element.href.startsWith(`${location.origin}/assets/`) : element instanceof HTMLStyleElement && element.nonce !== '';
      const isForeign = RUNS.test(element.localName) && !known.has(element) && !isOurs && !(uncleaned === null && element.localName === 'form');
      const attributes = [...element.attributes].filter(
        ({ name, value }) => /^on/i.test(name) || (LOADS.test(name) && /javascript:|canary|evil\.test|vbscript:|data:text/i.test(value)),
      );
      if (isForeign || attributes.length > 0) found.push((element.cloneNode(false) as Element).outerHTML.slice(0, 200));
    }
    return found;
  }, uncleaned);
}

declare global {
  interface Window {
    known?: Element[];
  }
}

/** Remembers what the page had before any payload came: its own scripts, styles and links. */
export function know(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.known = [...document.querySelectorAll('script, style, link, meta, title, base, template')];
  });
}
