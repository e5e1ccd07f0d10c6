// How the page looks: nothing that keeps somebody out, in any light and on any screen; and pictures of it for whoever asks.

import axe from 'axe-core';
import { expect, test } from 'vitest';
import { DESKTOP, PHONE } from './harness/browser';
import { picture } from './harness/picture';
import type { Strategy } from './harness/served';
import { onOneSession } from './harness/suite';
import type { Tab } from './harness/tab';
import { becomes } from './harness/wait';

/** Has something to show everywhere. */
const BUSY: Strategy = {
  name: 'demo',
  path: 'demo.Demo',
  market: { quotesPerSecond: 10 },
  source: `
from qubx_strategy import Strategy, action


class Demo(Strategy):
    threshold: float = 0.6

    def on_start(self, ctx):
        ctx.set_timer("show", "1s")
        ctx.log("two markets are traded")
        self.waiting = {"BTCUSDT": 0.15, "ETHUSDT": -2.0}

    def on_quote(self, ctx, quote):
        amount = self.waiting.pop(quote.instrument.symbol, None)
        if amount is not None:
            ctx.trade(quote.instrument, amount)
            ctx.trade(quote.instrument, amount / 2, quote.mid * (0.97 if amount > 0 else 1.03))

    def on_timer(self, ctx, name):
        ctx.publish("threshold", self.threshold)
        rows = [{"symbol": i.symbol, "held": p.quantity} for i, p in ctx.get_positions().items()]
        ctx.publish("inventory", rows)

    @action
    def note(self, ctx, text: str):
        """Keeps a text."""
        return text

    @action(dangerous=True)
    def forget(self, ctx):
        """Forgets every text."""
`,
};

const SCREENS = { desktop: { viewport: DESKTOP }, phone: PHONE };
const WIDE_PANELS = ['orders', 'fills', 'quotes', 'actions', 'log', 'account', 'positions', 'equity'];

/** Returns what keeps somebody from using what is shown now, with where it is. */
async function barriers(tab: Tab): Promise<string[]> {
  await tab.page.evaluate((source) => {
    if (!('axe' in window)) (0, eval)(source);
  }, axe.source);
  const found = await tab.page.evaluate(async () => {
    const run = (window as unknown as { axe: typeof axe }).axe.run;
    // Frames are documents of their own, with what a cell showed.
    const { violations } = await run(document, { iframes: false, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
  });
  return found.map((text) => text.replace(/\s+/g, ' ').slice(0, 400));
}

onOneSession(
  'the look',
  (stage) => {
    for (const [screen, options] of Object.entries(SCREENS)) {
      for (const colorScheme of ['dark', 'light'] as const) {
        test(`keeps nobody out: ${screen}, ${colorScheme}`, async () => {
          const { chromium, served } = stage;
          // axe is no part of the page: only here may it be run in it.
          const tab = await chromium.enter(await served.newLink(), { ...options, colorScheme, bypassCSP: true });
          const name = `${screen}-${colorScheme}`;
          const found: string[] = [];
          const look = async (what: string) => {
            found.push(...(await barriers(tab)).map((text) => `${what}: ${text}`));
            await picture(tab, `${name}-${what}`);
          };
          await tab.reads('the positions', tab.rows('Positions').first(), (row) => /LONG|SHORT/.test(row));
          if (screen === 'desktop') {
            if ((await served.history()).every(({ kind }) => kind !== 'cell')) {
              await tab.run('from IPython.display import Markdown\nMarkdown("**Sharpe** is $\\\\frac{\\\\mu}{\\\\sigma}$")');
              await tab.run('raise ValueError("an example")');
              await tab.shows('ValueError: an example');
            }
            await look('trade');
            for (const panel of WIDE_PANELS) {
              await tab.show(panel);
              await look(panel);
            }
            for (const [letters, title] of [['help', 'Help'], ['people', 'Who is here'], ['access', 'Access'], ['flatten', /^FLATTEN ALL/]] as const) {
              await tab.command(letters);
              const dialog = tab.page.getByRole('dialog', { name: title });
              await dialog.waitFor();
              await look(`dialog-${letters}`);
              await becomes('the dialog closes', async () => (await tab.page.keyboard.press('Escape'), dialog.isVisible()), (shown) => !shown);
            }
          } else {
            for (const panel of ['Pos', 'Ord', 'Chart', 'Sess', 'More']) {
              await tab.page.getByRole('tab', { name: panel }).tap();
              await tab.page.locator('[role=tabpanel]:not([hidden])').last().waitFor();
              await look(panel.toLowerCase());
            }
          }
          expect(found).toEqual([]);
        });
      }
    }

    test('keeps nobody out who is not in yet', async () => {
      const { chromium, served } = stage;
      for (const colorScheme of ['dark', 'light'] as const) {
        const tab = await chromium.open(served.origin, { colorScheme, bypassCSP: true });
        tab.expectComplaint(/401/);
        await tab.sees('Access ended. Ask for a new link.');
        expect(await barriers(tab)).toEqual([]);
        await picture(tab, `login-${colorScheme}`);
      }
    });
  },
  BUSY,
);
