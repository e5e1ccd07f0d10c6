// A browser in which one profile is both the victim's and the one that opens hostile pages.

import { type Browser, chromium } from 'playwright-core';
import { FLAGS } from '../harness/browser';
import { chromium as executable } from '../harness/needs';

/** Frames without an origin share a process: many are quicker like that, and have less between them. What a browser itself may do
 *  against requests to this machine is left out, too. */
const SHARED = '--disable-features=IsolateSandboxedIframes,LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessRespectPreflightResults';

/** Starts a browser that believes these names to be at these places, as `evil.test 127.0.0.1:8000`. */
export function startBrowser(...places: string[]): Promise<Browser> {
  const rules = places.map((place) => `MAP ${place}`).join(', ');
  return chromium.launch({ executablePath: executable!, headless: true, args: [...FLAGS, SHARED, `--host-resolver-rules=${rules}`] });
}
