// Everyone who looks at a session sees the same, whichever screen they have.

import { expect, test } from 'vitest';
import { lacks, tmux } from './harness/needs';
import { onOneSession } from './harness/suite';
import { Terminal } from './harness/terminal';

const noTerminal = lacks({ tmux });

onOneSession('one session', (stage) => {
  test('two tabs see one cell', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(served.link);
    const two = await chromium.enter(await served.newLink());
    await one.run('print("from", "one")');
    await one.shows('from one');
    const shown = await two.shows('from one');
    expect(shown).toContain('print("from", "one")');
  });

  test('a tab, a terminal screen and a pipe see what each of them runs', async (context) => {
    if (noTerminal !== null) return context.skip(noTerminal);
    const { chromium, served } = stage;
    const terminal = new Terminal(served.place, 'attach', served.name);
    const pipe = served.place.spawn('attach', served.name, '--plain');
    try {
      const tab = await chromium.enter(await served.newLink());
      await terminal.shows('PAPER');
      await tab.run('print("from the", "page")');
      await tab.shows('from the page');
      await terminal.shows('from the page');
      await pipe.says(/from the page/);
      terminal.type('print("from the", "terminal")');
      terminal.press('Enter');
      await tab.shows('from the terminal');
      pipe.write('print("from the", "pipe")\n');
      await tab.shows('from the pipe');
      await terminal.shows('from the pipe');
    } finally {
      terminal.close();
      await pipe.end();
    }
  });

  test('a reload keeps the history, what is typed, and the login', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    await tab.run('kept = 41 + 1\nkept');
    await tab.shows('Out[');
    await tab.prompt.click();
    await tab.page.keyboard.insertText('not_run_yet');
    expect(tab.page.url()).not.toContain('t=');
    await tab.page.reload();
    await tab.isLive();
    const shown = await tab.shows('kept = 41 + 1');
    expect(shown).toContain('42');
    await tab.reads('what was typed stands there', tab.prompt, (text) => text.includes('not_run_yet'));
    await tab.run(''); // With what is typed already.
    await tab.shows('NameError');
  });

  test('a tab that is closed changes nothing, also while its cell runs', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(await served.newLink());
    const two = await chromium.enter(await served.newLink());
    await one.run('import time\nfor step in range(4):\n    time.sleep(0.3)\n    print("step", step)\n"all", "steps"');
    await two.shows('step 0');
    await one.close();
    const shown = await two.shows("('all', 'steps')");
    expect(shown).toContain('step 3');
    expect((await served.status()).strategy.state).toBe('running');
  });

  test('what somebody else does is told with their name', async () => {
    const { chromium, served } = stage;
    const tab = await chromium.enter(await served.newLink());
    await served.place.does('pause', served.name, '--yes');
    await tab.page.getByText('PAUSED', { exact: true }).waitFor();
    const shown = await tab.shows('pause done');
    expect(shown).toMatch(/VERB\s+pause done.*\(op@/s);
    await tab.page.getByRole('button', { name: 'Resume' }).click();
    await tab.page.getByText('PAUSED', { exact: true }).waitFor({ state: 'detached' });
    expect((await served.status()).paused).toBe(false);
  });

  test('the page tells who is here', async () => {
    const { chromium, served } = stage;
    const one = await chromium.enter(await served.newLink());
    const { link } = await served.newToken('watcher', 'viewer');
    await chromium.enter(link);
    await one.page.getByRole('button', { name: /screens here/ }).click();
    const dialog = one.page.getByRole('dialog', { name: 'Who is here' });
    await one.sees(/watcher@127\.0\.0\.1/, dialog);
    await one.sees('viewer', dialog);
  });
});
