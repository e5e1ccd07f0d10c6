// The browser, and the tabs that tests open in it. Each tab has a profile of its own, so that each is somebody who logged in.

import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { chromium as executable } from './needs';
import { Tab, watch } from './tab';

export const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-component-update', '--disable-sync'];

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

export class Chromium {
  readonly #browser: Browser;
  #tabs: Tab[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    return new Chromium(await chromium.launch({ executablePath: executable!, headless: true, args: FLAGS }));
  }

  /** Opens a tab at an address, a login link for example, and waits for nothing. */
  async open(address: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await this.#browser.newContext({ viewport: DESKTOP, colorScheme: 'dark', acceptDownloads: true, ...options });
    await context.addInitScript(watch);
    const tab = new Tab(await context.newPage());
    this.#tabs.push(tab);
    await tab.page.goto(address);
    return tab;
  }

  /** Opens a tab with a login link, and waits until it shows the session. */
  async enter(link: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const tab = await this.open(link, options);
    await tab.isLive();
    return tab;
  }

  /** Returns what stands in all tabs, for whoever looks for a mistake. */
  async seen(): Promise<string> {
    const texts = this.#tabs.filter(({ page }) => !page.isClosed()).map(({ page }) => page.locator('body').innerText());
    return (await Promise.all(texts)).map((text, place) => `tab ${place + 1}:\n${text}`).join('\n');
  }

  /** Closes all tabs, and returns what the browser complained of in them. */
  async closeTabs(): Promise<string[]> {
    const tabs = this.#tabs;
    this.#tabs = [];
    const complaints = await Promise.all(tabs.map((tab) => tab.close()));
    return complaints.flat();
  }

  end(): Promise<void> {
    return this.#browser.close();
  }
}
