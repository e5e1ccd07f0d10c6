// Python as the page shows it: what runs, what waits, what asks, what failed, and what died.

import { expect, test } from 'vitest';
import { picture } from './harness/picture';
import { signal } from './harness/processes';
import { Served } from './harness/served';
import { IDLE } from './harness/strategies';
import { onOneSession } from './harness/suite';
import { until } from './harness/wait';

const SLOW = `
import time

from qubx_strategy import Strategy

time.sleep(4)


class Slow(Strategy):
    pass
`;

onOneSession('Python', (stage) => {
  test('is new here: the page says what there is', async () => {
    const tab = await stage.chromium.enter(stage.served.link);
    await tab.sees('Everyone attached sees what you run.');
  });

  test('runs a cell while others wait in line; an interrupt ends it', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    await tab.run('import time\nfor _ in range(600): time.sleep(0.1)');
    await tab.sees(/^kernel busy \d\d:\d\d · my In\[\d+\]$/);
    await tab.run('"second"');
    await tab.shows('queued (1st)');
    await tab.run('"third"');
    await tab.shows('queued (2nd)');
    await tab.page.getByRole('button', { name: /Interrupt/ }).click();
    const shown = await tab.shows("'third'");
    expect(shown).toContain('KeyboardInterrupt');
    await tab.sees('kernel idle');
  });

  test("asks before it interrupts somebody else's cell", async () => {
    const { chromium, served } = stage;
    const { link } = await served.newToken('other', 'admin');
    const one = await chromium.enter(await served.newLink());
    const two = await chromium.enter(link);
    await one.run('time.sleep(60)');
    await two.sees(/^kernel busy .* · op@.*'s In\[\d+\]$/);
    await two.page.getByRole('button', { name: '■ Interrupt' }).click();
    await two.sees(/^interrupt op@.*\?$/);
    await two.page.getByRole('button', { name: 'No', exact: true }).click();
    await two.sees(/^kernel busy/);
    await two.page.getByRole('button', { name: '■ Interrupt' }).click();
    await two.page.getByRole('button', { name: 'Interrupt', exact: true }).click();
    await one.sees('kernel idle');
  });

  test('fails: the last frame first, and the rest unfolds', async () => {
    const tab = await stage.chromium.enter(await stage.served.newLink());
    await tab.run('def inner():\n    raise ValueError("not today")\n\ndef outer():\n    return inner()\n\nouter()');
    const folded = await tab.shows('failed');
    expect(folded).toContain('ValueError: not today');
    expect(folded).not.toContain('----> 7 outer()');
    await tab.page.getByRole('button', { name: /more lines?$/ }).last().click();
    await tab.shows('----> 7 outer()');
    await tab.page.getByRole('button', { name: '▴ less' }).last().waitFor();
  });

  test('asks for a line, which whoever is there gives; a password is not shown', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(await served.newLink());
    const two = await chromium.enter(await served.newLink());
    await one.run('line = input("How many? ")\nf"it is {line}"');
    await two.shows('waits for an answer');
    await two.page.getByLabel('How many?').fill('12');
    await two.page.getByRole('button', { name: 'Answer' }).click();
    await one.shows("'it is 12'");
    await one.run('import getpass\nword = getpass.getpass("Word: ")\nlen(word)');
    const field = one.page.getByLabel('Word:');
    expect(await field.getAttribute('type')).toBe('password');
    await field.fill('secret');
    await one.page.keyboard.press('Enter');
    const shown = await two.shows('••••');
    expect(shown).not.toContain('secret');
    await one.shows('Out[');
  });

  test('dies: everyone sees it, positions are untouched, and it comes again', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(await served.newLink());
    const two = await chromium.enter(await served.newLink());
    const bar = [one, two].map((tab) => tab.sees(/Python kernel ended.*Strategy stopped\. Positions are untouched\./));
    await one.run('import os; os._exit(1)');
    await Promise.all(bar);
    await two.shows('the kernel ended; not run again');
    await two.sees('kernel idle');
    await one.run('"alive", "again"');
    await two.shows("('alive', 'again')");
    expect((await served.status()).kernel.restarts).toBe(1);
  });

  test('is started again by whoever wants it, who is asked first', async () => {
    const tab = await stage.chromium.enter(await stage.served.newLink());
    await tab.run('forgotten = 1');
    await tab.command('restart the python');
    const dialog = tab.page.getByRole('dialog', { name: /^RESTART KERNEL — PAPER — idle/ });
    await tab.sees('variables of the REPL are lost', dialog);
    const { since } = (await stage.served.status()).kernel;
    await tab.confirm(/^RESTART KERNEL/, 'Restart the Python kernel');
    // It may be up again before a screen has drawn that it was not.
    const isUpAgain = async () => {
      const { kernel } = await stage.served.status();
      return kernel.since !== since && kernel.state === 'idle';
    };
    await until('Python was started again', isUpAgain);
    await tab.sees('kernel idle');
    await tab.run('forgotten');
    await tab.shows("name 'forgotten' is not defined");
  });

  test('stays dead where it may not be started again: the page says so until somebody restarts it', async () => {
    const { chromium } = stage;
    const market = { more: 'session: { kernel_restarts: 0 }\n' };
    const served = await Served.start({ name: 'mortal', source: IDLE, path: 'mortal.Idle', market });
    try {
      const tab = await chromium.enter(served.link);
      await tab.run('ran = 1');
      await tab.sees('kernel idle');
      const [session] = JSON.parse(await served.place.does('kernel', 'list', '--json'));
      signal(session.kernel_pid, 'SIGKILL');
      await tab.sees(/^Python kernel ended \(signal 9.*\) \d\d:\d\d:\d\d; stays down\. Strategy stopped\. Positions are untouched\./);
      await tab.sees('kernel DEAD');
      await picture(tab, 'kernel-stays-dead');
      // It is no passing state, and the engine needs no Python.
      expect((await served.status()).kernel).toMatchObject({ state: 'dead', restarts: 0 });
      await tab.command('flatten');
      await tab.confirm(/^FLATTEN ALL — PAPER/, 'Flatten');
      await tab.reads('the flatten is done', tab.results, (text) => text.includes('flatten'));
      await tab.page.getByRole('button', { name: /restart kernel/i }).first().click();
      await tab.confirm(/^RESTART KERNEL/, 'Restart the Python kernel');
      await tab.sees('kernel idle');
      await tab.page.getByText(/^Python kernel ended/).waitFor({ state: 'detached' });
      await tab.run('ran');
      await tab.shows("name 'ran' is not defined");
    } finally {
      await chromium.closeTabs();
      await served.end();
    }
  });

  test('starts anew: the page says how far it is', async () => {
    const { chromium } = stage;
    const served = await Served.start({ name: 'slow', source: SLOW, path: 'slow.Slow' });
    try {
      const tab = await chromium.enter(served.link);
      const restart = served.place.does('kernel', 'restart', served.name, '--yes');
      await tab.sees(/^Starting: Python […✓] · strategy … · quotes \d\/2$/);
      await restart;
      await tab.page.getByText(/^Starting:/).waitFor({ state: 'detached' });
      await tab.sees('kernel idle');
    } finally {
      await chromium.closeTabs();
      await served.end();
    }
  });
});
