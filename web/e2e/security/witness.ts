// What runs in the page that is attacked: a canary that no payload may reach, and what was to be seen.

import type { Frame, Page } from 'playwright-core';

declare global {
  interface Window {
    canary: (...given: unknown[]) => void;
    witness: { fired: string[]; provoked: WeakSet<Element> };
  }
}

/** Every handler that an element may have, by its event. */
const EVENTS =
  'abort afterscriptexecute animationcancel animationend animationiteration animationstart auxclick beforecopy beforecut beforeinput beforematch beforepaste beforescriptexecute beforetoggle beforexrselect begin blur bounce cancel canplay canplaythrough change click close command contentvisibilityautostatechange contextlost contextmenu contextrestored copy cuechange cut dblclick drag dragend dragenter dragexit dragleave dragover dragstart drop durationchange emptied encrypted end ended error finish focus focusin focusout formdata fullscreenchange fullscreenerror gotpointercapture hashchange input invalid keydown keypress keyup load loadeddata loadedmetadata loadend loadstart lostpointercapture message mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel offline online pagehide pageshow paste pause play playing pointercancel pointerdown pointerenter pointerleave pointermove pointerout pointerover pointerrawupdate pointerup popstate progress ratechange readystatechange repeat reset resize scroll scrollend scrollsnapchange search securitypolicyviolation seeked seeking select selectionchange selectstart show slotchange stalled start storage submit suspend timeupdate toggle touchcancel touchend touchmove touchstart transitioncancel transitionend transitionrun transitionstart unhandledrejection volumechange waiting webglcontextlost webkitanimationend webkittransitionend wheel'.split(
    ' ',
  );

/** Runs before the page's own scripts, in the page alone. */
export function stand(): void {
  if (window !== top) return;
  const witness: Window['witness'] = { fired: [], provoked: new WeakSet() };
  Object.defineProperty(window, 'witness', { value: witness });
  Object.defineProperty(window, 'canary', { value: (...given: unknown[]) => witness.fired.push(given.map(String).join()) });
}

/** Returns how high everything is that the session shows. */
export function height(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector('[role=log][aria-label=Session]')!.scrollHeight);
}

/** Scrolls the session to a place, its end at first; returns the next place above it, and the marks that are in view. */
export function scroll(page: Page, place: number | null): Promise<[number, string[]]> {
  return page.evaluate(async (place) => {
    const list = document.querySelector('[role=log][aria-label=Session]')!;
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    // So that the page takes it for a person's doing, and does not go back to the end.
    list.dispatchEvent(new WheelEvent('wheel', { deltaY: -100 }));
    list.scrollTop = place ?? list.scrollHeight;
    const here = place ?? list.scrollTop;
    await drawn();
    // One unfolds the whole of its entry. Where an error was raised is the test's own text; what it says is in view anyway.
    const folds = [...list.querySelectorAll<HTMLElement>('button[aria-expanded=false]')];
    const fold = folds.find((fold) => !fold.parentElement?.querySelector('.exception'));
    fold?.click();
    await drawn();
    const marks = list.textContent?.match(/¤[\w-]+¤/g) ?? [];
    // What was unfolded is looked at as well.
    return [fold ? here : here - list.clientHeight * 0.5, [...marks]] as [number, string[]];
  }, place);
}

/** Sets off every event on every element of the outputs in view, and returns what must not be among them. */
export function provoke(page: Page): Promise<string[]> {
  return page.evaluate((events) => {
    const wrong: string[] = [];
    const tell = (element: Element) => wrong.push(element.cloneNode(false) instanceof Element ? (element.cloneNode(false) as Element).outerHTML.slice(0, 300) : '');
    const TAGS = /^(script|style|link|meta|base|iframe|frame|object|embed|form|input|button|select|textarea|svg|template|audio|video|area|title|body|html)$/i;
    for (const element of document.querySelectorAll('[role=log] .rich .rich *')) {
      if (TAGS.test(element.localName)) tell(element);
      for (const { name, value } of element.attributes) {
        const isLink = name === 'href' && element.localName === 'a' && /^(https?|mailto):/.test((element as HTMLAnchorElement).protocol);
        const isPicture = name === 'src' && element.localName === 'img' && value.startsWith('data:image/');
        if (/^on|^(id|name|slot|is|part|srcset|srcdoc|action|formaction|ping|background|poster|data|xlink:href|nonce)$/i.test(name)) tell(element);
        if (/^(href|src)$/i.test(name) && !isLink && !isPicture) tell(element);
        if (name === 'style' && /url|position|var\(|expression|image|z-index|fixed|margin|transform|animation/i.test(value)) tell(element);
      }
      if (element.localName === 'a' && element.hasAttribute('href') && (element.getAttribute('target') !== '_blank' || !/noopener/.test(element.getAttribute('rel') ?? ''))) tell(element);
    }
    for (const frame of document.querySelectorAll('iframe')) {
      if (frame.getAttribute('sandbox') !== 'allow-scripts' || frame.getAttribute('src') !== '/frame.html') tell(frame);
    }
    // Handlers of an element alone: what bubbles would be the page's own keys.
    for (const element of document.querySelectorAll('[role=log] .inner *, [role=log] .line *, #panel-log *, #panel-actions dd, #panel-actions dt, #panel-actions td, #panel-actions th')) {
      if (window.witness.provoked.has(element)) continue;
      window.witness.provoked.add(element);
      for (const name of events) element.dispatchEvent(new Event(name, { cancelable: true }));
    }
    return wrong;
  }, EVENTS);
}

/** What a script in a frame could get at. */
export type Reach = { origin: string; cookie: string; storage: string; parent: string; top: string; canary: string };

/** Returns what a frame's own scripts can get at; null when it is gone. */
export async function reach(frame: Frame): Promise<Reach | null> {
  return frame
    .evaluate(() => {
      const attempt = (what: () => unknown): string => {
        try {
          return `reached: ${String(what())}`;
        } catch (error) {
          return (error as Error).name;
        }
      };
      return {
        origin: self.origin,
        cookie: attempt(() => document.cookie),
        storage: attempt(() => localStorage.length),
        parent: attempt(() => parent.document.title),
        top: attempt(() => top!.location.href),
        canary: attempt(() => (top as Window & typeof globalThis).canary('frame')),
      };
    })
    .catch(() => null);
}

/** Inserts a text into a page without any cleaning, and provokes it as the real page's outputs are. */
export async function insertUncleaned(page: Page, texts: readonly string[], type: string): Promise<void> {
  await page.evaluate(
    async ({ texts, type, events }) => {
      const frames = texts.map((text) => {
        const frame = document.createElement('iframe');
        // It may do everything but take the whole tab with it.
        frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms');
        if (type === 'text/html') frame.srcdoc = text;
        else frame.src = URL.createObjectURL(new Blob([text], { type }));
        return frame;
      });
      const loaded = frames.map(
        (frame) =>
          new Promise<void>((resolve) => {
            frame.addEventListener('load', () => resolve());
            setTimeout(resolve, 2_000);
          }),
      );
      document.body.replaceChildren(...frames);
      await Promise.all(loaded);
      for (const frame of frames) {
        try {
          for (const element of frame.contentDocument!.querySelectorAll('*')) {
            for (const name of events) element.dispatchEvent(new Event(name));
            const address = element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? '';
            if (!address.includes('evil.test') && !address.startsWith('#')) element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
          }
        } catch {
          // It has gone elsewhere.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
    { texts, type, events: EVENTS },
  );
}
